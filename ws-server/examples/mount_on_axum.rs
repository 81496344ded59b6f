//! A site with a page, state and an API, and WebSockets on three of its paths, for every draft.
//!
//! ```text
//! cargo run -p ws-server --example mount_on_axum --all-features -- 127.0.0.1:8080 [CERT KEY]
//! ```
//!
//! With a certificate and its key (PEM) the site is served over TLS, with HTTP/2. `LOG=debug` logs
//! to standard error. Messages are compressed for clients that offer it.
//!
//! `/websocket` echoes messages and `/stream` echoes bytes: both are mounted services. `/talk` is a
//! handler that sees the request first. SIGTERM or SIGINT shuts the site down, with its WebSockets.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, Response};
use axum::routing::{any, get};
use axum::{Extension, Json, Router};
use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use ws_server::extension::Deflate;
use ws_server::{
    ByteStream, Connections, Origins, Peer, RemoteAddr, Server, Tls, TlsListener, Transport,
    UpgradeService, WebSocket, WebSocketUpgrade,
};

/// How long WebSockets may take to close when the site shuts down.
const DRAIN: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Site {
    visits: Arc<AtomicU64>,
    talks: Connections,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let tls = match (args.next(), args.next()) {
        (Some(certificate), Some(key)) => Some(Tls::from_pem_files(certificate, key)?),
        _ => None,
    };
    let log = tracing_subscriber::EnvFilter::from_env("LOG");
    tracing_subscriber::fmt().with_env_filter(log).with_writer(io::stderr).init();

    let server = Server::builder().origins(Origins::Any).extension(Deflate::new());
    let stream: UpgradeService = server.clone().upgrade(echo_bytes)?;
    let echo: UpgradeService = server.upgrade_messages(|socket, _peer| echo(socket))?;
    let site = Site { visits: Arc::default(), talks: Connections::new() };
    let open = [echo.connections(), stream.connections(), site.talks.clone()];
    let app = Router::new()
        .route("/", get(page))
        .route("/api/visits", get(visits))
        .route("/talk", any(talk))
        .route_service("/websocket", echo)
        .route_service("/stream", stream)
        .with_state(site);

    let listener = TcpListener::bind(address).await?;
    let down = close_when_terminated(open.clone());
    match tls {
        None => {
            println!("listening on http://{}/", listener.local_addr()?);
            let app = app.into_make_service_with_connect_info::<RemoteAddr>();
            axum::serve(listener, app).with_graceful_shutdown(down).await?;
        }
        Some(tls) => {
            println!("listening on https://{}/", listener.local_addr()?);
            // So that mounted services know that pages of this site are https pages.
            let app = app.layer(Extension(Transport::Tls));
            let app = app.into_make_service_with_connect_info::<RemoteAddr>();
            axum::serve(TlsListener::new(listener, tls), app).with_graceful_shutdown(down).await?;
        }
    }
    // axum waits only for requests, not for connections that were upgraded over HTTP/1.1.
    let [echoes, streams, talks] = &open;
    tokio::join!(echoes.shutdown(DRAIN), streams.shutdown(DRAIN), talks.shutdown(DRAIN));
    Ok(())
}

async fn close_when_terminated(open: [Connections; 3]) {
    terminated().await;
    // Over HTTP/2 axum waits for WebSockets too, so they must be closed meanwhile, not afterwards.
    for connections in open {
        tokio::spawn(async move { connections.shutdown(DRAIN).await });
    }
}

async fn page(State(site): State<Site>) -> Html<&'static str> {
    site.visits.fetch_add(1, Ordering::Relaxed);
    Html(include_str!("mount_on_axum.html"))
}

async fn visits(State(site): State<Site>) -> Json<u64> {
    Json(site.visits.load(Ordering::Relaxed))
}

async fn talk(upgrade: WebSocketUpgrade, State(site): State<Site>) -> Response {
    let draft = upgrade.draft();
    upgrade.connections(&site.talks).on_upgrade(move |mut socket: WebSocket| async move {
        if socket.send(format!("you speak {draft}").as_str()).await.is_err() {
            return;
        }
        while let Some(Ok(message)) = socket.recv().await {
            if socket.feed(&message).await.is_err() {
                return;
            }
        }
    })
}

async fn echo(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv_lent().await {
        let (message, mut replies) = received?;
        replies.feed(message).await?;
    }
    Ok(())
}

async fn echo_bytes(stream: ByteStream, _peer: Peer) -> io::Result<()> {
    let (mut reader, mut writer) = split(stream);
    copy(&mut reader, &mut writer).await?;
    writer.shutdown().await
}

async fn terminated() {
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
