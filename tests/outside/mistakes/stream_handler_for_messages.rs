//! A handler of a byte stream as one of messages.
//!
//! says: expected function signature `fn(WebSocket, Peer) -> _`
//! lines: 26

use ws_server::{BuildError, ByteStream, Peer, Server};

async fn handle(_stream: ByteStream, _peer: Peer) -> std::io::Result<()> {
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
