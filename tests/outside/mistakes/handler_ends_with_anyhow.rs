//! A handler that ends with `anyhow::Result`, without `message_fn`.
//!
//! says: ends with `()` or `io::Result<()>`, not with `Result<(), anyhow::Error>`
//! says: for another error type wrap it: `message_fn(handler)`
//! lines: 19

use ws_server::{BuildError, Peer, Server, WebSocket};

async fn handle(mut socket: WebSocket, _peer: Peer) -> anyhow::Result<()> {
    while let Some(message) = socket.recv().await {
        socket.send(message?).await?;
    }
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
