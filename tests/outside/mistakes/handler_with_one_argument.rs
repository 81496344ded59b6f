//! A handler of the socket alone.
//!
//! says: function is expected to take 2 arguments, but it takes 1 argument
//! lines: 19

use ws_server::{BuildError, Server, WebSocket};

async fn handle(mut socket: WebSocket) -> std::io::Result<()> {
    while let Some(message) = socket.recv().await {
        socket.send(message?).await?;
    }
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
