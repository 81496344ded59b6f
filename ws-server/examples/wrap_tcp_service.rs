//! The same service on a TCP port and on a WebSocket port.
//!
//! ```text
//! cargo run -p ws-server --example wrap_tcp_service -- 127.0.0.1:8080 127.0.0.1:8081
//! ```
//!
//! The service answers each line with the line in capitals.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use ws_server::Server;

/// The service, which knows nothing of WebSocket.
async fn shout(stream: impl AsyncRead + AsyncWrite) -> io::Result<()> {
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        write.write_all(format!("{}\n", line.to_uppercase()).as_bytes()).await?;
    }
    write.shutdown().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut addresses = std::env::args().skip(1);
    let web = addresses.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let tcp = addresses.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let (web, tcp) = (TcpListener::bind(web).await?, TcpListener::bind(tcp).await?);
    println!("listening on ws://{}/ and tcp://{}/", web.local_addr()?, tcp.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = tcp.accept().await {
            tokio::spawn(shout(stream));
        }
    });
    Server::builder().wrap(|stream, _peer| shout(stream))?.serve(web).await
}
