//! A site on axum with two WebSockets: `/chat` for users who have a token, in one of two
//! subprotocols, and `/visitors`, which tells the number of users whenever it changes.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use ws_server::{SendError, WebSocket, WebSocketUpgrade};

/// The subprotocols of `/chat`: one sends plain texts, the other JSON.
const SUBPROTOCOLS: [&str; 2] = ["chat.json", "chat.text"];

type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Clone)]
struct Site {
    users: Arc<HashMap<String, String>>,
    visitors: watch::Sender<usize>,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let site = Site {
        users: Arc::new(HashMap::from([("secret".into(), "Ada".into())])),
        visitors: watch::Sender::new(0),
    };
    let app = Router::new()
        .route("/", get(|| async { "a page" }))
        .route("/chat", any(chat))
        .route("/visitors", any(visitors))
        .with_state(site);
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}/", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn chat(
    State(site): State<Site>,
    Query(login): Query<Login>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(user) = site.users.get(&login.token).cloned() else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    upgrade.protocols(SUBPROTOCOLS).on_upgrade_with_peer(move |socket, peer| async move {
        let json = peer.subprotocol() == Some("chat.json");
        site.visitors.send_modify(|count| *count += 1);
        let ended = talk(socket, &user, json).await;
        site.visitors.send_modify(|count| *count -= 1);
        ended
    })
}

async fn talk(mut socket: WebSocket, user: &str, json: bool) -> Result<(), BoxError> {
    while let Some(message) = socket.recv().await {
        let message = message?;
        let text = message.as_text().ok_or("only text is a message here")?;
        if json {
            socket.send(serde_json::json!({ "from": user, "text": text }).to_string()).await?;
        } else {
            socket.send(format!("{user}: {text}")).await?;
        }
    }
    Ok(())
}

async fn visitors(State(site): State<Site>, upgrade: WebSocketUpgrade) -> Response {
    let mut count = site.visitors.subscribe();
    upgrade.on_upgrade(|mut socket| async move {
        loop {
            let now = count.borrow_and_update().to_string();
            socket.send(now).await?;
            tokio::select! {
                _changed = count.changed() => {}
                _reason = socket.closed() => return Ok::<(), SendError>(()),
            }
        }
    })
}
