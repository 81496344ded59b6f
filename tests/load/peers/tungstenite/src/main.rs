//! tokio-tungstenite. With `--variant small` its read buffer has 4 KiB and not 128, all of which it
//! zeroes before each read.

use futures_util::{SinkExt, StreamExt};
use peer::{args, ready, serve};
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

fn main() {
    serve(echo);
}

async fn echo(socket: TcpStream) {
    let mut config = WebSocketConfig::default();
    if args().variant == "small" {
        config = config.read_buffer_size(4096);
    }
    let Ok(mut socket) = accept_async_with_config(socket, Some(config)).await else { return };
    let is_data = |message: &Message| message.is_text() || message.is_binary();
    while let Some(Ok(message)) = socket.next().await {
        if is_data(&message) && socket.feed(message).await.is_err() {
            return;
        }
        while !args().naive {
            let Some(more) = ready(socket.next()) else { break };
            let Some(Ok(message)) = more else { return };
            if is_data(&message) && socket.feed(message).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}
