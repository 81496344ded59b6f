//! `serve` spawned, without `into_future`.
//!
//! says: `Serving<tokio::net::TcpListener>` is not a future
//! lines: 28

use tokio::net::TcpListener;
use ws_server::{Peer, Server, WebSocket};

async fn handle(_socket: WebSocket, _peer: Peer) -> std::io::Result<()> {
    Ok(())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    let server = Server::builder().messages(handle)?;
    tokio::spawn(server.serve(listener));
    Ok(())
}
