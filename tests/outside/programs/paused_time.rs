//! A handler and its test, in memory and with paused time: 20 seconds of silence cost none.

use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use ws_server::{RemoteAddr, Server, WebSocket};

const PATIENCE: Duration = Duration::from_secs(20);

/// Answers every message, and says goodbye to a client that is silent for 20 seconds.
async fn answer(mut socket: WebSocket) -> io::Result<()> {
    while let Ok(received) = timeout(PATIENCE, socket.recv()).await {
        match received {
            Some(message) => socket.send(message?).await?,
            None => return Ok(()),
        }
    }
    Ok(socket.send("goodbye").await?)
}

#[tokio::test(start_paused = true)]
async fn says_goodbye_to_a_client_that_is_silent_for_twenty_seconds() {
    let server = Server::builder().messages(|socket, _peer| answer(socket)).unwrap();
    let (near, far) = tokio::io::duplex(1024);
    tokio::spawn(async move { server.serve_connection(far, RemoteAddr::Unknown).await });
    let (mut client, _response) = client_async("ws://localhost/", near).await.unwrap();

    client.send("hello".into()).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("hello"));

    let silent = Instant::now();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("goodbye"));
    assert_eq!(silent.elapsed(), PATIENCE);
    assert!(matches!(client.next().await.unwrap().unwrap(), Message::Close(_)));
}
