//! tokio-tungstenite and a `broadcast`, with two tasks for each connection: with a `select` in one
//! task, each wake-up would make the library zero a read buffer of 128 KiB. Waiting messages are
//! fed before one flush; with `--naive` each message is flushed.

use std::sync::OnceLock;

use futures_util::{SinkExt, StreamExt};
use peer::{args, serve};
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_tungstenite::tungstenite::Message;

static ROOM: OnceLock<broadcast::Sender<Message>> = OnceLock::new();

fn main() {
    serve(connection);
}

async fn connection(socket: TcpStream) {
    let Ok(socket) = tokio_tungstenite::accept_async(socket).await else { return };
    let room = ROOM.get_or_init(|| broadcast::channel(1024).0);
    let mut published = room.subscribe();
    let (mut sender, mut receiver) = socket.split();
    let sending = tokio::spawn(tokio::task::unconstrained(async move {
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
    }));
    while let Some(Ok(message)) = receiver.next().await {
        if message.is_text() || message.is_binary() {
            // Only a closing connection is not subscribed.
            let _ = room.send(message);
        }
    }
    sending.abort();
}
