//! A server that also speaks a draft from a third-party crate.
//!
//! ```text
//! cargo run -p ws-hixie75 --example third_party_draft -- 127.0.0.1:8080
//! ```
//!
//! The draft only needs its crate to be named, with `use`.

use std::io;

use tokio::net::TcpListener;
use ws_hixie75 as _;
use ws_server::{Drafts, Origins, Server, WebSocket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    let drafts = Drafts::registered().map_err(io::Error::other)?;
    let names: Vec<_> = drafts.iter().map(|draft| draft.id().as_str()).collect();
    println!("listening on ws://{}/ (drafts: {})", listener.local_addr()?, names.join(", "));
    Server::builder()
        .origins(Origins::Any)
        .messages(|socket, _peer| echo(socket))?
        .serve(listener)
        .await
}

async fn echo(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv_lent().await {
        let (message, mut replies) = received?;
        replies.feed(message).await?;
    }
    Ok(())
}
