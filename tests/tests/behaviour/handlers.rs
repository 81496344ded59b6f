//! How handlers end, and serving one connection without a listener.

use std::io;

use futures_util::FutureExt;
use tokio::io::duplex;
use ws_server::{ByteStream, Peer, RemoteAddr, Server, WebSocket, message_fn, stream_fn};
use ws_tests::frames::text;
use ws_tests::{Client, requests};

use crate::{echo, serve};

/// An error type of an application.
#[derive(Debug)]
struct DatabaseDown;

impl std::fmt::Display for DatabaseDown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the database is down")
    }
}

impl std::error::Error for DatabaseDown {}

async fn nothing(mut socket: WebSocket) {
    let _message = socket.recv().await;
}

async fn own_error(mut socket: WebSocket) -> Result<(), DatabaseDown> {
    let _message = socket.recv().await;
    Err(DatabaseDown)
}

async fn any_error(mut socket: WebSocket) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let message = socket.recv().await.ok_or("no message")??;
    let _number: u32 = message.as_text().unwrap_or_default().parse()?;
    Ok(())
}

async fn io_error(mut socket: WebSocket) -> io::Result<()> {
    let _message = socket.recv().await;
    Err(io::ErrorKind::PermissionDenied.into())
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_end_with_nothing_or_with_any_error() {
    let builder = Server::builder;
    let servers = [
        (builder().messages(message_fn(|socket, _| nothing(socket))), 1000),
        (builder().messages(|socket, _| nothing(socket)), 1000),
        (builder().messages(message_fn(|socket, _| own_error(socket))), 1011),
        (builder().messages(message_fn(|socket, _| any_error(socket))), 1011),
        (builder().messages(message_fn(|socket, _| io_error(socket))), 1011),
        (builder().messages(|socket, _| io_error(socket)), 1011),
        (builder().wrap(stream_fn(|_stream: ByteStream, _| async {})), 1000),
        (builder().wrap(stream_fn(|_stream, _: Peer| async { Err(DatabaseDown) })), 1011),
    ];
    for (number, (server, code)) in servers.into_iter().enumerate() {
        let mut client = serve(server.unwrap()).0.open(requests::RFC6455).await;
        client.send(text("no number")).await;
        let close = client.frame().await.unwrap();
        assert_eq!(close.close_code(), Some(code), "handler {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_text_or_bytes_is_sent() {
    let server = Server::builder().messages(|mut socket: WebSocket, _| async move {
        let message = socket.recv().await.unwrap()?;
        socket.send(message.clone()).await?;
        socket.send(&message).await?;
        socket.send(message.into_text().unwrap()).await?;
        socket.send("owned".to_owned()).await?;
        socket.send(&"lent".to_owned()).await?;
        socket.feed("a".repeat(100_000)).await?;
        socket.send(b"bytes".to_vec()).await?;
        Ok(())
    });
    let mut client = serve(server.unwrap()).0.open(requests::RFC6455).await;
    client.send(text("hello")).await;
    for expected in ["hello", "hello", "hello", "owned", "lent", &"a".repeat(100_000)] {
        client.expect(text(expected)).await;
    }
    client.expect(ws_tests::frames::binary("bytes")).await;
}

#[tokio::test(start_paused = true)]
async fn one_connection_is_served_without_a_listener() {
    let server = Server::builder().messages(|socket, _| echo(socket)).unwrap();
    let (near, far) = duplex(4096);
    let serving = server.serve_connection(far, RemoteAddr::Unknown);
    let mut client = Client::new(near);
    let talking = async {
        client.send(requests::RFC6455).await;
        assert!(client.head().await.starts_with("HTTP/1.1 101 "));
        client.send(text("hello")).await;
        client.expect(text("hello")).await;
        client.send(ws_tests::frames::close(1000)).await;
        client.expect(ws_tests::frames::close(1000)).await;
    };
    let (outcome, ()) = tokio::join!(serving, talking);
    assert!(outcome.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_connection_is_aborted_when_it_is_no_longer_awaited() {
    let server = Server::builder().messages(|socket, _| echo(socket)).unwrap();
    let (near, far) = duplex(4096);
    let mut serving = Box::pin(server.serve_connection(far, RemoteAddr::Unknown));
    let mut client = Client::new(near);
    assert!(serving.as_mut().now_or_never().is_none());
    client.send(requests::RFC6455).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    drop(serving);
    assert!(client.is_hung_up().await);
}
