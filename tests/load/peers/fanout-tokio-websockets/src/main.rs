//! tokio-websockets and a `broadcast`: waiting messages are fed before one flush; with `--naive`
//! each message is flushed.

use std::sync::OnceLock;

use futures_util::{SinkExt, StreamExt};
use peer::{args, serve};
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_websockets::{Config, Limits, Message, ServerBuilder};

static ROOM: OnceLock<broadcast::Sender<Message>> = OnceLock::new();

fn main() {
    serve(connection);
}

async fn connection(socket: TcpStream) {
    let config = Config::default().frame_size(usize::MAX);
    let builder = ServerBuilder::new().config(config).limits(Limits::unlimited());
    let Ok((_, mut socket)) = builder.accept(socket).await else { return };
    let room = ROOM.get_or_init(|| broadcast::channel(1024).0);
    let mut published = room.subscribe();
    loop {
        tokio::select! {
            received = socket.next() => match received {
                Some(Ok(message)) if message.is_text() || message.is_binary() => {
                    room.send(message).expect("this connection is subscribed");
                }
                Some(Ok(_)) => {}
                _ => return,
            },
            message = published.recv() => {
                let mut next = match message {
                    Ok(message) => Some(message),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                };
                while let Some(message) = next {
                    if socket.feed(message).await.is_err() {
                        return;
                    }
                    next = if args().naive { None } else { published.try_recv().ok() };
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}
