//! A handler that ends with a number.
//!
//! says: a handler cannot end with `u32`
//! says: expected `()` or `Result<(), E>`
//! lines: 35

use ws_server::{BuildError, Peer, Server, WebSocket, message_fn};

async fn handle(_socket: WebSocket, _peer: Peer) -> u32 {
    42
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(message_fn(handle))?;
    Ok(())
}
