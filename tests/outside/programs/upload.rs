//! An upload of any size, with its progress: `ws://127.0.0.1:8080/?size=104857600` takes so many
//! bytes, and answers with a line for each percent. The size comes first because a client of a
//! WebSocket cannot end what it sends and still receive.

use std::io::{self, ErrorKind};

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::TcpListener;
use ws_server::{ByteStream, Origins, Peer, Server};

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or("127.0.0.1:8080".into());
    let path = args.next().unwrap_or("upload.bin".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let server = Server::builder()
        .origins(Origins::Any)
        .wrap(move |stream, peer| upload(stream, peer, path.clone()))?;
    server.serve(listener).await
}

async fn upload(mut stream: ByteStream, peer: Peer, path: String) -> io::Result<()> {
    let size = peer.query().and_then(|query| query.strip_prefix("size=")?.parse::<u64>().ok());
    let size = size.ok_or(io::Error::new(ErrorKind::InvalidInput, "no ?size=BYTES"))?;
    let mut file = File::create(path).await?;
    let mut received = 0;
    for percent in 1..=100 {
        let expected = size * percent / 100;
        received += copy(&mut (&mut stream).take(expected - received), &mut file).await?;
        if received < expected {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if percent == 100 {
            file.sync_all().await?;
        }
        stream.write_all(format!("{percent}%\n").as_bytes()).await?;
    }
    stream.shutdown().await
}
