//! The command `ws-server`.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
