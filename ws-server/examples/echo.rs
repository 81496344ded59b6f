//! Two echo servers: one for messages, one for bytes. Speed and memory are measured with them.
//!
//! ```text
//! cargo run --release -p ws-server --example echo -- 127.0.0.1:8080 messages
//! cargo run --release -p ws-server --example echo -- 127.0.0.1:8081 bytes
//! ```

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use ws_server::{Origins, Server, WebSocket};

/// Echoes every message. It is borrowed while it is answered, and only copied into the send buffer.
async fn messages(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv_lent().await {
        let (message, mut replies) = received?;
        replies.feed(message).await?;
    }
    Ok(())
}

/// Echoes every byte of any stream.
async fn bytes(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return stream.shutdown().await;
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let what = arguments.next().unwrap_or_else(|| "messages".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let builder = Server::builder().origins(Origins::Any);
    let server = match what.as_str() {
        "messages" => builder.messages(|socket, _peer| messages(socket))?,
        "bytes" => builder.wrap(|stream, _peer| bytes(stream))?,
        other => return Err(io::Error::other(format!("{other}: expected `messages` or `bytes`"))),
    };
    server.serve(listener).await
}
