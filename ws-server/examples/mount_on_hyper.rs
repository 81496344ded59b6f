//! A WebSocket on a path of a site that hyper serves.
//!
//! ```text
//! cargo run -p ws-server --example mount_on_hyper --features tower -- 127.0.0.1:8080
//! ```
//!
//! `/websocket` echoes bytes; every other path is answered with text.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::TcpListener;
use tower_service::Service;
use ws_server::{ByteStream, Server, UpgradeService};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}/", listener.local_addr()?);
    let echo = Server::builder().upgrade(|stream: ByteStream, _peer| async move {
        let (mut reader, mut writer) = split(stream);
        copy(&mut reader, &mut writer).await?;
        writer.shutdown().await
    })?;
    loop {
        let (stream, _) = listener.accept().await?;
        let echo = echo.clone();
        tokio::spawn(async move {
            let site = service_fn(move |request| answer(echo.clone(), request));
            // Without `with_upgrades` hyper does not hand over upgraded connections.
            let served = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), site)
                .with_upgrades()
                .await;
            if let Err(error) = served {
                eprintln!("{error}");
            }
        });
    }
}

async fn answer(
    mut echo: UpgradeService,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    match request.uri().path() {
        "/websocket" => echo.call(request).await,
        path => Ok(Response::new(Full::from(format!("nothing but text at {path}\n")))),
    }
}
