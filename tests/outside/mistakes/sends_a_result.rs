//! `send` of what `recv` returned, without a `?`.
//!
//! says: cannot be sent as a message
//! says: expected text, bytes, or a `Message`
//! lines: 18

use ws_server::WebSocket;

async fn handle(mut socket: WebSocket) -> std::io::Result<()> {
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

fn main() {
    let _handler = handle;
}
