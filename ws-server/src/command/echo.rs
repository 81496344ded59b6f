//! The built-in default service: an echo of messages.

use std::io;

use ws_server::WebSocket;

/// Echoes every message, text as text and binary as binary.
pub(super) async fn echo(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv_lent().await {
        let (message, mut replies) = received?;
        replies.feed(message).await?;
    }
    Ok(())
}
