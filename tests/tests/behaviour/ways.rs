//! The same service in each way that there is to serve it, and handlers of each kind.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, SinkExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use ws_server::{Builder, ByteStream, Message, Server, UpgradeService, WebSocket};
use ws_tests::frames::{Frame, binary, text};
use ws_tests::{Client, requests};

use crate::{http2, mount, serve};

pub(crate) type Served = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// A handler of messages, and one of bytes; what it does is its name.
pub(crate) type Handler = fn(WebSocket) -> Served;
pub(crate) type Wrapped = fn(ByteStream) -> Served;

/// What a ticker sends.
pub(crate) const TICK: &str = "tick";

/// How often it does. First it waits.
const EVERY: Duration = Duration::from_secs(7);

/// Longer than all deadlines.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// A client of a service on a port, of one in a stream of HTTP/2, and of one on a site.
pub(crate) async fn open_each(
    builder: impl Fn() -> Builder,
    handler: impl Fn(WebSocket) -> Served + Clone + Send + Sync + 'static,
) -> [(&'static str, Client); 3] {
    let served = handler.clone();
    let server = builder().messages(move |socket, _| served(socket)).unwrap();
    let site = builder().upgrade_messages(move |socket, _| handler(socket)).unwrap();
    open(server, site).await
}

/// The same for bytes.
pub(crate) async fn open_each_stream(
    builder: impl Fn() -> Builder,
    handler: impl Fn(ByteStream) -> Served + Clone + Send + Sync + 'static,
) -> [(&'static str, Client); 3] {
    let served = handler.clone();
    let server = builder().wrap(move |stream, _| served(stream)).unwrap();
    let site = builder().upgrade(move |stream, _| handler(stream)).unwrap();
    open(server, site).await
}

/// Both, for handlers that have a name.
pub(crate) async fn open_all(builder: impl Fn() -> Builder) -> Vec<(String, Client)> {
    let mut clients = Vec::new();
    for (name, handler) in HANDLERS {
        let opened = open_each(&builder, handler).await;
        clients.extend(named(name, opened));
    }
    for (name, handler) in WRAPPED {
        let opened = open_each_stream(&builder, handler).await;
        clients.extend(named(name, opened));
    }
    clients
}

/// With the name of a handler beside the way.
pub(crate) fn named(name: &str, opened: [(&str, Client); 3]) -> [(String, Client); 3] {
    opened.map(|(way, client)| (format!("{name}, {way}"), client))
}

async fn open(server: Server, site: UpgradeService) -> [(&'static str, Client); 3] {
    let (server, _) = serve(server);
    let mut mounted = mount::visit(&Router::new().route_service("/chat", site));
    mounted.send(requests::RFC6455).await;
    assert!(mounted.head().await.starts_with("HTTP/1.1 101 "));
    let port = server.open(requests::RFC6455).await;
    [("on a port", port), ("over HTTP/2", http2::visit(&server).await), ("on a site", mounted)]
}

/// Has all clients talk at once, so that for none of them time has passed before.
pub(crate) async fn talk<N, F: Future<Output = ()>>(
    clients: impl IntoIterator<Item = (N, Client)>,
    script: impl Fn(N, Client) -> F,
) {
    join_all(clients.into_iter().map(|(name, client)| script(name, client))).await;
}

/// Expects a frame, whatever a ticker sends before.
pub(crate) async fn expect_beside_ticks(client: &mut Client, expected: Frame, name: &str) {
    let ticks = [text(TICK), binary(TICK)];
    let mut found = client.frame().await;
    while found.as_ref().is_some_and(|found| ticks.contains(found)) {
        found = client.frame().await;
    }
    assert_eq!(found, Some(expected), "a handler that {name}");
}

/// Handlers of messages that take no notice of control frames, and of most data.
pub(crate) const HANDLERS: [(&str, Handler); 11] = [
    ("only sends", |socket| tick(socket).boxed()),
    ("waits for something else", |socket| wait_with(socket).boxed()),
    ("holds the receiver alone", |socket| wait_with(socket.split().0).boxed()),
    ("holds the sender alone", |socket| {
        let (receiver, sender) = socket.split();
        drop(receiver);
        wait_with(sender).boxed()
    }),
    ("sends beside a receiver that it holds", |socket| tick_split(socket).boxed()),
    ("holds halves of `futures`", |socket| {
        let (mut sink, stream) = StreamExt::split(socket);
        let ticks = async move {
            loop {
                sleep(EVERY).await;
                sink.send(Message::from(TICK.to_owned())).await?;
            }
        };
        async move { wait_beside(ticks, stream).await }.boxed()
    }),
    ("has given it to a task", |socket| {
        tokio::spawn(wait_with(socket));
        async { Ok(()) }.boxed()
    }),
    ("has given it to a ticking task and waits", |socket| {
        tokio::spawn(tick(socket));
        wait_with(()).boxed()
    }),
    ("receives in `select`", |mut socket| {
        async move {
            loop {
                tokio::select! {
                    received = socket.recv() => match received {
                        Some(received) => drop(received?),
                        None => return Ok(()),
                    },
                    () = sleep(EVERY) => {}
                }
            }
        }
        .boxed()
    }),
    ("receives in `join_all`", |socket| {
        let others = (0..40).map(|_| wait_with(()).boxed());
        let all = join_all(std::iter::once(take_all(socket).boxed()).chain(others));
        async move { all.await.into_iter().collect() }.boxed()
    }),
    ("receives in `FuturesUnordered`", |socket| {
        let mut all = FuturesUnordered::new();
        all.push(take_all(socket).boxed());
        all.push(wait_with(()).boxed());
        async move { all.next().await.unwrap() }.boxed()
    }),
];

/// The same of bytes.
pub(crate) const WRAPPED: [(&str, Wrapped); 5] = [
    ("only writes", |stream| tick_bytes(stream).boxed()),
    ("waits for something else with a stream", |stream| wait_with(stream).boxed()),
    ("holds the writing half alone", |stream| wait_with(tokio::io::split(stream).1).boxed()),
    ("has given the stream to a task", |stream| {
        tokio::spawn(tick_bytes(stream));
        async { Ok(()) }.boxed()
    }),
    ("reads in `FuturesUnordered`", |stream| {
        let mut all = FuturesUnordered::new();
        all.push(take_bytes(stream).boxed());
        all.push(wait_with(()).boxed());
        async move { all.next().await.unwrap() }.boxed()
    }),
];

async fn tick(mut socket: WebSocket) -> io::Result<()> {
    loop {
        sleep(EVERY).await;
        socket.send(TICK).await?;
    }
}

async fn tick_split(socket: WebSocket) -> io::Result<()> {
    let (receiver, mut sender) = socket.split();
    let ticks = async move {
        loop {
            sleep(EVERY).await;
            sender.send(TICK).await?;
        }
    };
    wait_beside(ticks, receiver).await
}

async fn tick_bytes(mut stream: ByteStream) -> io::Result<()> {
    loop {
        sleep(EVERY).await;
        stream.write_all(TICK.as_bytes()).await?;
    }
}

async fn wait_beside<T>(task: impl Future<Output = io::Result<()>>, held: T) -> io::Result<()> {
    let outcome = task.await;
    drop(held);
    outcome
}

pub(crate) async fn wait_with<T>(held: T) -> io::Result<()> {
    sleep(LONG).await;
    drop(held);
    Ok(())
}

async fn take_all(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv().await {
        drop(received?);
    }
    Ok(())
}

async fn take_bytes(mut stream: ByteStream) -> io::Result<()> {
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}
