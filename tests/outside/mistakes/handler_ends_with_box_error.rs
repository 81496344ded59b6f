//! A handler that ends with a boxed error, without `message_fn`.
//!
//! says: ends with `()` or `io::Result<()>`, not with `Result<(), Box<
//! says: for another error type wrap it: `message_fn(handler)`
//! lines: 21

use std::error::Error;
use ws_server::{BuildError, Peer, Server, WebSocket};

async fn handle(mut socket: WebSocket, _peer: Peer) -> Result<(), Box<dyn Error + Send + Sync>> {
    while let Some(message) = socket.recv().await {
        socket.send(message?).await?;
    }
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
