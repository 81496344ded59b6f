//! The command `ws-server`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ws_server::gateway::main()
}
