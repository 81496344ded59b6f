//! Fan-out: what is published on `/publish` goes to every subscriber, on any other path. The send
//! buffer of a connection is its queue: a subscriber whose queue is full is closed with status 1013
//! (try again later), and slows down nobody.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio::net::TcpListener;
use ws_server::{CloseCode, CloseReason, Message, Origins, Peer, Sender, Server, WebSocket};

type Subscribers = Arc<Mutex<Vec<Sender>>>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let subscribers = Subscribers::default();
    let server = Server::builder()
        .origins(Origins::Any)
        .messages(move |socket, peer| serve(socket, peer, subscribers.clone()))?;
    server.serve(listener).await
}

async fn serve(mut socket: WebSocket, peer: Peer, subscribers: Subscribers) -> io::Result<()> {
    if peer.path() == "/publish" {
        while let Some(message) = socket.recv().await {
            publish(&message?, &subscribers);
        }
    } else {
        let (mut receiver, mut sender) = socket.split();
        subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender.clone());
        sender.send("subscribed").await?;
        // What a subscriber sends is ignored; this waits for its end.
        while let Some(message) = receiver.recv().await {
            message?;
        }
    }
    Ok(())
}

fn publish(message: &Message, subscribers: &Subscribers) {
    let mut subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
    subscribers.retain_mut(|subscriber| match subscriber.feed(message).now_or_never() {
        Some(fed) => {
            // What the socket does not accept at once is sent by the server's task.
            _ = subscriber.flush().now_or_never();
            fed.is_ok()
        }
        None => {
            let slow = CloseReason::new(CloseCode::TRY_AGAIN_LATER, "too slow");
            _ = subscriber.close(Some(slow)).now_or_never();
            false
        }
    });
}
