//! The command `ws-server`: serves an echo, or any TCP service, over WebSocket.

mod address;
mod args;
#[cfg(feature = "deflate")]
mod deflate;
mod dial;
mod echo;
mod listen;
mod relay;
mod run;
mod signals;
#[cfg(feature = "tls")]
mod tls;

use std::process::ExitCode;

use clap::Parser;
use ws_server::Drafts;

use args::Args;

/// The exit code for errors that the user can fix: arguments, addresses, targets, files.
const USAGE: u8 = 2;

/// Runs the command with the arguments of the process.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    if args.drafts {
        return print_drafts();
    }
    match run::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ws-server: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn print_drafts() -> ExitCode {
    match Drafts::registered() {
        Ok(drafts) => {
            drafts.iter().for_each(|draft| println!("{}", draft.id()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("ws-server: {error}");
            ExitCode::from(USAGE)
        }
    }
}
