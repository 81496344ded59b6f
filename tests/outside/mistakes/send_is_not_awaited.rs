//! `send` without `.await`.
//!
//! says: futures do nothing unless you `.await` or poll them
//! lines: 14

#![deny(unused_must_use)]
use ws_server::WebSocket;

async fn handle(mut socket: WebSocket) -> std::io::Result<()> {
    socket.send("welcome");
    Ok(())
}

fn main() {
    let _handler = handle;
}
