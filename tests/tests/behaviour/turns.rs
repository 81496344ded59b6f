//! Who sends without a pause lets others have their turn.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::task::yield_now;
use ws_server::{Builder, ByteStream, Server, WebSocket};
use ws_tests::Connector;
use ws_tests::frames::{self, binary};
use ws_tests::requests::{self, with_field};

use crate::compression::deflating;
use crate::{echo, serve, serve_until_stopped};

const MIB: usize = 1 << 20;

/// As much as a socket of the system may hold, and more.
const PIPE: usize = 64 * MIB;

/// What may be fed in a turn: of what is compressed, and of what is only written.
const TURN_OF_COMPRESSED: usize = 256 * 1024;
const TURN: usize = 6 * MIB;

/// How many turns a newcomer may need for its opening and an echo.
const TURNS: usize = 20;

/// Text as tables have it, which is work to compress.
fn text(len: usize) -> String {
    let rows = (0..).map(|row| format!("{{\"id\":{row},\"name\":\"row {}\"}},", row * 7919 % 1000));
    let mut text = String::new();
    for row in rows {
        if text.len() >= len {
            break;
        }
        text.push_str(&row);
    }
    text.truncate(len);
    text
}

type Fed = Arc<AtomicUsize>;

/// Echoes to those who do not ask for `/flood`; to others it feeds without a pause.
fn flood(builder: Builder, text: String) -> (Server, Fed) {
    let (text, fed) = (Arc::new(text), Fed::default());
    let counted = fed.clone();
    let service = move |mut socket: WebSocket, peer: ws_server::Peer| {
        let (text, counted) = (text.clone(), counted.clone());
        async move {
            if peer.query().is_some() {
                return echo(socket).await;
            }
            loop {
                socket.feed(text.as_str()).await?;
                counted.fetch_add(text.len(), Ordering::Relaxed);
            }
        }
    };
    (builder.messages(service).unwrap(), fed)
}

fn flood_by_half(builder: Builder, text: String) -> (Server, Fed) {
    let (text, fed) = (Arc::new(text), Fed::default());
    let counted = fed.clone();
    let service = move |socket: WebSocket, peer: ws_server::Peer| {
        let (text, counted) = (text.clone(), counted.clone());
        async move {
            if peer.query().is_some() {
                return echo(socket).await;
            }
            let (_receiver, mut sender) = socket.split();
            loop {
                sender.feed(text.as_str()).await?;
                counted.fetch_add(text.len(), Ordering::Relaxed);
            }
        }
    };
    (builder.messages(service).unwrap(), fed)
}

fn flood_of_bytes(builder: Builder, text: String) -> (Server, Fed) {
    let (text, fed) = (Arc::new(text), Fed::default());
    let counted = fed.clone();
    let service = move |mut stream: ByteStream, peer: ws_server::Peer| {
        let (text, counted) = (text.clone(), counted.clone());
        async move {
            if peer.query().is_some() {
                return crate::copy(stream).await;
            }
            loop {
                stream.write_all(text.as_bytes()).await?;
                counted.fetch_add(text.len(), Ordering::Relaxed);
            }
        }
    };
    (builder.wrap(service).unwrap(), fed)
}

/// Answers each request with much, by what the documentation recommends.
fn answers(builder: Builder, text: String) -> (Server, Fed) {
    let (text, fed) = (Arc::new(text), Fed::default());
    let counted = fed.clone();
    let service = move |mut socket: WebSocket, peer: ws_server::Peer| {
        let (text, counted) = (text.clone(), counted.clone());
        async move {
            if peer.query().is_some() {
                return echo(socket).await;
            }
            while let Some(received) = socket.recv_lent().await {
                let (_request, mut replies) = received?;
                replies.feed(text.as_str()).await?;
                counted.fetch_add(text.len(), Ordering::Relaxed);
            }
            Ok(())
        }
    };
    (builder.messages(service).unwrap(), fed)
}

/// A request for what does not pause.
fn request() -> Vec<u8> {
    let request = String::from_utf8(requests::RFC6455.to_vec()).unwrap();
    let request = request.replace("/chat?x=1", "/flood");
    with_field(request.as_bytes(), "Sec-WebSocket-Extensions: permessage-deflate")
}

/// A client that reads whatever comes, and sends this behind its request.
fn read_on(server: &Connector, behind: Vec<u8>) {
    let (near, far) = tokio::io::duplex(PIPE);
    server.give(far);
    tokio::spawn(read_all(near, [request(), behind].concat()));
}

async fn read_all(pipe: DuplexStream, sent: Vec<u8>) -> io::Result<u64> {
    let (mut read, mut write) = tokio::io::split(pipe);
    write.write_all(&sent).await?;
    let count = tokio::io::copy(&mut read, &mut tokio::io::sink()).await;
    drop(write);
    count
}

/// Has a newcomer open a connection beside, and echo; counts what was fed in a turn.
async fn expect_turns(name: &str, (server, fed): (Server, Fed), behind: Vec<u8>, turn: usize) {
    let (server, _) = serve(server);
    read_on(&server, behind);
    while fed.load(Ordering::Relaxed) == 0 {
        yield_now().await;
    }
    let (mut before, mut most) = (fed.load(Ordering::Relaxed), 0);
    let begun = before;
    let newcomer = tokio::spawn(async move {
        let mut client = server.open(requests::RFC6455).await;
        client.send(binary("hello")).await;
        client.expect(binary("hello")).await;
    });
    while !newcomer.is_finished() {
        yield_now().await;
        let now = fed.load(Ordering::Relaxed);
        most = most.max(now - before);
        before = now;
    }
    newcomer.await.unwrap();
    assert!(most <= turn, "{name}: {most} bytes in a turn");
    assert!(before - begun <= TURNS * turn, "{name}: {} bytes before another", before - begun);
}

#[tokio::test(start_paused = true)]
async fn what_is_work_to_compress_is_fed_in_turns() {
    let long = || text(100_000);
    let requests = || frames::text("?").masked().repeat(10_000);
    let cases = [
        ("messages", flood(deflating(), long()), vec![]),
        ("zeros", flood(deflating(), "0".repeat(100_000)), vec![]),
        ("short messages", flood(deflating(), text(1000)), vec![]),
        ("a half", flood_by_half(deflating(), long()), vec![]),
        ("bytes", flood_of_bytes(deflating(), long()), vec![]),
        ("answers", answers(deflating(), text(22_000)), requests()),
    ];
    for (name, server, behind) in cases {
        expect_turns(name, server, behind, TURN_OF_COMPRESSED).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_work_is_fed_in_turns() {
    let cases = [
        ("tiny messages", flood(Server::builder(), "flood".to_owned())),
        ("tiny messages of a half", flood_by_half(Server::builder(), "flood".to_owned())),
        ("long messages", flood(Server::builder(), text(100_000))),
        ("tiny writes", flood_of_bytes(Server::builder(), "flood".to_owned())),
        ("long writes", flood_of_bytes(Server::builder(), text(100_000))),
    ];
    for (name, server) in cases {
        expect_turns(name, server, vec![], TURN).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_goes_down_in_time_beside_who_feeds_without_a_pause() {
    let cases = [
        flood(deflating(), text(100_000)),
        flood_by_half(deflating(), text(100_000)),
        flood_of_bytes(deflating(), text(100_000)),
        flood(Server::builder(), "flood".to_owned()),
    ];
    for (number, (server, fed)) in cases.into_iter().enumerate() {
        let (connector, stop, serving) = serve_until_stopped(server);
        read_on(&connector, vec![]);
        while fed.load(Ordering::Relaxed) == 0 {
            yield_now().await;
        }
        let before = fed.load(Ordering::Relaxed);
        stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(60), serving).await.unwrap().unwrap();
        let fed = fed.load(Ordering::Relaxed) - before;
        assert!(fed <= TURNS * TURN, "case {number}: {fed} bytes behind the stop");
    }
}
