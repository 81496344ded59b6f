//! A handler that is an ordinary function.
//!
//! says: `Result<(), std::io::Error>` is not a future
//! lines: 18

use ws_server::{BuildError, Peer, Server, WebSocket};

fn handle(_socket: WebSocket, _peer: Peer) -> std::io::Result<()> {
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
