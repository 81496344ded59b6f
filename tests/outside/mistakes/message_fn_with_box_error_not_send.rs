//! A boxed error that cannot go to another thread.
//!
//! says: a handler cannot end with `Result<(), Box<
//! says: `E` is any error type that converts into `Box<dyn Error + Send + Sync>`
//! lines: 37

use std::error::Error;
use ws_server::{BuildError, Peer, Server, WebSocket, message_fn};

async fn handle(mut socket: WebSocket, _peer: Peer) -> Result<(), Box<dyn Error>> {
    while let Some(message) = socket.recv().await {
        socket.send(message?).await?;
    }
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(message_fn(handle))?;
    Ok(())
}
