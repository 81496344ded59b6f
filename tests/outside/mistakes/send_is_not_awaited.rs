//! `send` without `.await`.
//!
//! says: a message is sent only while this is awaited
//! lines: 17

#![deny(unused_must_use)]
use ws_server::WebSocket;

async fn handle(mut socket: WebSocket) -> std::io::Result<()> {
    socket.send("welcome");
    Ok(())
}

fn main() {
    let _handler = handle;
}
