//! tokio-websockets.

use futures_util::{SinkExt, StreamExt};
use peer::{args, ready, serve};
use tokio::net::TcpStream;
use tokio_websockets::{Config, Limits, Message, ServerBuilder};

/// How many messages are received before they are answered.
const TOGETHER: usize = 64;

fn main() {
    serve(echo);
}

async fn echo(socket: TcpStream) {
    let config = Config::default().frame_size(usize::MAX);
    let builder = ServerBuilder::new().config(config).limits(Limits::unlimited());
    let Ok((_, mut socket)) = builder.accept(socket).await else { return };
    let is_data = |message: &Message| message.is_text() || message.is_binary();
    let mut messages = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        messages.push(message);
        // Its stream flushes queued messages: all available ones are received before any is
        // answered.
        while !args().naive && messages.len() < TOGETHER {
            let Some(more) = ready(socket.next()) else { break };
            let Some(Ok(message)) = more else { return };
            messages.push(message);
        }
        for message in messages.drain(..).filter(is_data) {
            if socket.feed(message).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}
