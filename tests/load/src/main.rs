//! A load generator, which reports the cost of a WebSocket server.
//!
//! One thread, edge-triggered readiness, and frames that are built and masked before the clock
//! starts. Loopback only. `load --help` has the options; the output is one JSON object.

mod args;
mod connection;
mod draft;
mod echo;
mod fanout;
mod frames;
mod header;
mod histogram;
mod idle;
mod inflate;
mod load;
mod opening;
mod openings;
mod parse;
mod payload;
mod processes;
mod receive;
mod report;
mod request;
mod stream;

use mio::Poll;

use args::{Args, Mode};
use frames::Ring;
use load::Load;

fn main() {
    let args = Args::from_command_line();
    // Fewer are enough for few connections; with too few, connecting fails with an error.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let poll = Poll::new().unwrap_or_else(|error| die(&format!("epoll: {error}")));
    let ring = Ring::build(&args.message, args.depth);
    let mut load = Load::new(&args, ring, poll);
    let report = match args.mode {
        Mode::Echo => echo::run(&args, &mut load),
        Mode::Idle => idle::run(&args, &mut load),
        Mode::Openings => openings::run(&args, &mut load),
        Mode::Fanout => fanout::run(&args, &mut load),
    };
    println!("{report}");
    if report.failed() {
        std::process::exit(1);
    }
}

/// Exits with the reason why there is no report.
fn die(why: &str) -> ! {
    eprintln!("load: {why}");
    std::process::exit(2)
}
