//! A handler of the peer and the socket.
//!
//! says: expected function signature `fn(WebSocket, Peer) -> _`
//! lines: 26

use ws_server::{BuildError, Peer, Server, WebSocket};

async fn handle(_peer: Peer, mut socket: WebSocket) -> std::io::Result<()> {
    Ok(socket.send("welcome").await?)
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
