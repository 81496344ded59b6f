//! axum's `ws` and a `broadcast`, with two tasks for each connection as in axum's chat example:
//! with a `select` in one task, each wake-up would make the library zero a read buffer of 128 KiB.
//! Waiting messages are fed before one flush; with `--naive`, as in the example, each is flushed.

use std::sync::OnceLock;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use peer::{args, listener, run};
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, error::RecvError};

static ROOM: OnceLock<broadcast::Sender<Message>> = OnceLock::new();

fn main() {
    run(async {
        let listener = listener(args().port).and_then(TcpListener::from_std);
        let listener = listener.expect("a port to listen on");
        let listener = listener.tap_io(|socket| socket.set_nodelay(true).expect("TCP_NODELAY"));
        let upgrade = any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(connection));
        axum::serve(listener, Router::new().fallback(upgrade)).await.expect("a server");
    });
}

async fn connection(socket: WebSocket) {
    let room = ROOM.get_or_init(|| broadcast::channel(1024).0);
    let mut published = room.subscribe();
    let (mut sender, mut receiver) = socket.split();
    let sending = tokio::spawn(async move {
        loop {
            let mut next = match published.recv().await {
                Ok(message) => Some(message),
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            };
            while let Some(message) = next {
                if sender.feed(message).await.is_err() {
                    return;
                }
                next = if args().naive { None } else { published.try_recv().ok() };
            }
            if sender.flush().await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = receiver.next().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            // Only a closing connection is not subscribed.
            let _ = room.send(message);
        }
    }
    sending.abort();
}
