//! A site with pages, state and an API, and WebSockets on two of its paths, for every draft.
//!
//! ```text
//! cargo run -p ws-server --example mount_on_axum --features axum,all-drafts -- 127.0.0.1:8080
//! ```
//!
//! `/websocket` echoes messages and `/stream` bytes: services mounted as they are. `/talk` is a
//! handler that sees the request first. SIGTERM or SIGINT ends the site, its WebSockets included.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use ws_server::{
    ByteStream, Connections, Origins, Peer, Server, UpgradeService, WebSocket, WebSocketUpgrade,
};

/// How long WebSockets have to close.
const DRAIN: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Site {
    visits: Arc<AtomicU64>,
    talks: Connections,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    let server = Server::builder().origins(Origins::Any);
    let stream: UpgradeService = server.clone().upgrade(echo_bytes)?;
    let echo: UpgradeService = server.upgrade_messages(|socket, _peer| echo(socket))?;
    let site = Site { visits: Arc::default(), talks: Connections::new() };
    let app = Router::new()
        .route("/", get(page))
        .route("/api/visits", get(visits))
        .route("/talk", any(talk))
        .route_service("/websocket", echo.clone())
        .route_service("/stream", stream.clone())
        .with_state(site.clone());
    println!("listening on http://{}/", listener.local_addr()?);

    let open = [echo.connections(), stream.connections(), site.talks];
    let closing = open.clone();
    let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            terminated().await;
            closing.iter().for_each(Connections::close);
        })
        .await?;
    // axum waits for requests; what was upgraded is ours to wait for.
    let [echoes, streams, talks] = &open;
    tokio::join!(echoes.shutdown(DRAIN), streams.shutdown(DRAIN), talks.shutdown(DRAIN));
    Ok(())
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
