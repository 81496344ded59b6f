//! A byte-stream service for `ws:` and `wss:` on one port.
//!
//! ```text
//! cargo run -p ws-server --example tls --features tls -- 127.0.0.1:8443 CERT KEY [CLIENT_CA]
//! ```
//!
//! CERT and KEY are PEM files; they are reloaded once a minute, for renewed certificates. With
//! CLIENT_CA, clients must present a certificate, and are greeted by its subject.

use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::TcpListener;
use ws_server::{ByteStream, Origins, Peer, Server, Tls};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8443".to_owned());
    let (Some(certificate), Some(key)) = (args.next(), args.next()) else {
        return Err(
            "expected the files of a certificate and its key: tls ADDR:PORT CERT KEY".into()
        );
    };
    let mut tls = Tls::from_pem_files(certificate, key)?;
    if let Some(client_ca) = args.next() {
        tls = tls.client_ca(client_ca)?;
    }
    let listener = TcpListener::bind(address).await?;
    let server = Server::builder().origins(Origins::Any).tls(&tls).wrap(greet_and_echo)?;
    println!("listening on wss://{0}/ and ws://{0}/", listener.local_addr()?);
    tokio::select! {
        served = server.serve(listener) => Ok(served?),
        () = renew(tls) => Ok(()),
    }
}

async fn greet_and_echo(mut stream: ByteStream, peer: Peer) -> std::io::Result<()> {
    if let Some(certificate) = peer.client_certificate() {
        stream.write_all(format!("hello {}\n", certificate.subject()).as_bytes()).await?;
    }
    let (mut reader, mut writer) = split(stream);
    copy(&mut reader, &mut writer).await?;
    writer.shutdown().await
}

async fn renew(tls: Tls) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if let Err(error) = tls.reload() {
            eprintln!("cannot reload the certificate, the previous one stays in use: {error}");
        }
    }
}
