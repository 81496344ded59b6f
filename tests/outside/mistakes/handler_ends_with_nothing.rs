//! A handler that ends with `()`.
//!
//! says: expected `Result<(), Error>`, found `()`
//! lines: 18

use ws_server::{BuildError, Peer, Server, WebSocket};

async fn handle(mut socket: WebSocket, _peer: Peer) {
    while let Some(Ok(message)) = socket.recv().await {
        let _sent = socket.send(message).await;
    }
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
