//! A chat room: each message of a client is sent to all others.
//!
//! ```text
//! cargo run -p ws-server --example chat -- 127.0.0.1:8080
//! ```
//!
//! Each client has a queue of bounded length. A client that does not keep up misses messages and is
//! told how many; it does not slow down the others.

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, error::RecvError};
use ws_server::{Message, Origins, Peer, Server, WebSocket};

/// How many messages may wait for a client.
const QUEUE: usize = 64;

/// A message and its author, to whom it is not sent.
#[derive(Debug, Clone)]
struct Said {
    by: Arc<str>,
    text: Arc<str>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let (room, _) = broadcast::channel(QUEUE);
    Server::builder()
        .origins(Origins::Any)
        .messages(move |socket, peer| visit(socket, peer, room.clone()))?
        .serve(listener)
        .await
}

async fn visit(mut socket: WebSocket, peer: Peer, room: broadcast::Sender<Said>) -> io::Result<()> {
    let name: Arc<str> = peer.remote().to_string().into();
    let mut others = room.subscribe();
    socket.send(format!("you are {name}").as_str()).await?;
    loop {
        // Both branches are cancel-safe: the one that is dropped loses nothing.
        tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    let text = format!("{name}: {text}").into();
                    // An error means that there is no other client.
                    let _heard = room.send(Said { by: name.clone(), text });
                }
                Some(Ok(Message::Binary(_))) => socket.send("text only, please").await?,
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
            said = others.recv() => match said {
                Ok(said) if said.by == name => {}
                Ok(said) => socket.send(&*said.text).await?,
                Err(RecvError::Lagged(count)) => {
                    socket.send(format!("you missed {count} messages").as_str()).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}
