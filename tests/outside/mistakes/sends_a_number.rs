//! `send(42)`.
//!
//! says: `{integer}` cannot be sent as a message
//! says: text is `&str`, `String` or `ByteString`; bytes are `&[u8]`, `Vec<u8>` or `Bytes`
//! lines: 18

use ws_server::WebSocket;

async fn handle(mut socket: WebSocket) -> std::io::Result<()> {
    socket.send(42).await?;
    Ok(())
}

fn main() {
    let _handler = handle;
}
