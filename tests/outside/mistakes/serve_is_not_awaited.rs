//! `serve` as the result of `main`, without `.await`.
//!
//! says: expected `Result<(), Error>`, found `Serving<TcpListener>`
//! lines: 40

use tokio::net::TcpListener;
use ws_server::{Peer, Server, WebSocket};

async fn handle(_socket: WebSocket, _peer: Peer) -> std::io::Result<()> {
    Ok(())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    Server::builder().messages(handle)?.serve(listener)
}
