//! A ping as a message.
//!
//! says: no variant or associated item named `Ping` found for enum `Message`
//! lines: 7

use ws_server::{Message, WebSocket};

async fn handle(mut socket: WebSocket) -> std::io::Result<()> {
    while let Some(message) = socket.recv().await {
        match message? {
            Message::Ping(_) => {}
            message => socket.send(message).await?,
        }
    }
    Ok(())
}

fn main() {
    let _handler = handle;
}
