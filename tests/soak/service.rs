//! The TCP service behind the gateway: it echoes, and closes on request.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The bytes after which the service closes a connection.
pub(crate) const CLOSE_NOW: &[u8] = b"<<<this is all, close now>>>";

const CHUNK_BYTES: usize = 16 * 1024;

/// Serves until the process ends.
pub(crate) async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    println!("listening on tcp://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // An error ends only this client's connection.
            drop(echo(stream).await);
        });
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut tail = Vec::new();
    loop {
        let count = stream.read(&mut chunk).await?;
        stream.write_all(&chunk[..count]).await?;
        tail.extend_from_slice(&chunk[..count]);
        tail.drain(..tail.len().saturating_sub(CLOSE_NOW.len()));
        if count == 0 || tail == CLOSE_NOW {
            break;
        }
    }
    stream.shutdown().await?;
    while stream.read(&mut chunk).await? > 0 {}
    Ok(())
}
