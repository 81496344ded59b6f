//! TCP ends when the protocol has ended, whoever still holds a handle; and panics.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, timeout};
use ws_server::{ByteStream, Sender, Server, WebSocket};
use ws_tests::frames::{close, text};
use ws_tests::{Client, requests};

use crate::log::Log;
use crate::mount;
use crate::ways::{LONG, Served, named, open_each, open_each_stream, talk, wait_with};
use crate::{serve, serve_bytes};

/// Whether something could be sent, some time after the end.
type Tell = UnboundedSender<bool>;
type Holding = fn(WebSocket, Tell) -> Served;

const HOLDING: [(&str, Holding); 4] = [
    ("goes on with the socket", |mut socket, tell| {
        async move {
            while let Some(received) = socket.recv().await {
                drop(received?);
            }
            sleep(LONG).await;
            tell.send(socket.send("late").await.is_ok()).unwrap();
            Ok(())
        }
        .boxed()
    }),
    ("never receives", |mut socket, tell| {
        async move {
            sleep(LONG).await;
            tell.send(socket.send("late").await.is_ok()).unwrap();
            Ok(())
        }
        .boxed()
    }),
    ("goes on with a half", |socket, tell| {
        let (mut receiver, mut sender) = socket.split();
        async move {
            while let Some(received) = receiver.recv().await {
                drop(received?);
            }
            sleep(LONG).await;
            tell.send(sender.send("late").await.is_ok()).unwrap();
            Ok(())
        }
        .boxed()
    }),
    ("has put its sender somewhere", |socket, tell| {
        static REGISTRY: Mutex<Vec<Sender>> = Mutex::new(Vec::new());
        let (mut receiver, sender) = socket.split();
        REGISTRY.lock().unwrap().push(sender);
        async move {
            while let Some(received) = receiver.recv().await {
                drop(received?);
            }
            drop(receiver);
            sleep(LONG).await;
            let mut sender = REGISTRY.lock().unwrap().pop().unwrap();
            tell.send(sender.send("late").await.is_ok()).unwrap();
            Ok(())
        }
        .boxed()
    }),
];

async fn hold_stream(mut stream: ByteStream, reads: bool, tell: Tell) -> io::Result<()> {
    if reads {
        stream.read_to_end(&mut Vec::new()).await?;
    }
    sleep(LONG).await;
    tell.send(stream.write_all(b"late").await.is_ok()).unwrap();
    Ok(())
}

/// Clients of handlers that hold on to what they have.
async fn open_held(tell: &Tell) -> Vec<(String, Client)> {
    let mut clients = Vec::new();
    for (name, handler) in HOLDING {
        let tell = tell.clone();
        let opened = open_each(Server::builder, move |socket| handler(socket, tell.clone())).await;
        clients.extend(named(name, opened));
    }
    for reads in [false, true] {
        let tell = tell.clone();
        let handler = move |stream| hold_stream(stream, reads, tell.clone()).boxed();
        let opened = open_each_stream(Server::builder, handler).await;
        clients.extend(named(&format!("a stream, {reads}"), opened));
    }
    clients
}

#[tokio::test(start_paused = true)]
async fn tcp_ends_right_behind_both_closes_whoever_holds_a_handle() {
    let (tell, mut told) = unbounded_channel();
    let clients = open_held(&tell).await;
    // With a connection of HTTP/2 its handlers end.
    let count = clients.iter().filter(|(name, _)| !name.contains("HTTP/2")).count();
    talk(clients, async |name, mut client| {
        let begun = Instant::now();
        client.send(close(1000)).await;
        client.expect(close(1000)).await;
        assert!(client.is_hung_up().await, "{name}");
        assert_eq!(begun.elapsed(), Duration::ZERO, "{name}");
        // The client keeps its end, and that ends as well.
        while !client.is_cut().await {}
        assert!(begun.elapsed().as_secs() <= 5, "{name}: {:?}", begun.elapsed());
    })
    .await;
    for _ in 0..count {
        let sent = timeout(2 * LONG, told.recv()).await.unwrap();
        assert_eq!(sent, Some(false), "something was sent behind the end");
    }
}

/// Handlers that close, and hold on to what they have.
async fn open_closing() -> Vec<(&'static str, Client)> {
    type Closing = fn(WebSocket) -> Served;
    let handlers: [Closing; 3] = [
        |mut socket| {
            socket.start_close(None);
            wait_with(socket).boxed()
        },
        |socket| {
            let (receiver, mut sender) = socket.split();
            async move {
                sender.close(None).await?;
                wait_with((receiver, sender)).await
            }
            .boxed()
        },
        |mut socket| {
            async move {
                socket.start_close(None);
                while let Some(Ok(_)) = socket.recv().await {}
                wait_with(socket).await
            }
            .boxed()
        },
    ];
    let mut clients = Vec::new();
    for handler in handlers {
        clients.extend(open_each(Server::builder, handler).await);
    }
    let shutting = |mut stream: ByteStream| {
        async move {
            stream.shutdown().await?;
            wait_with(stream).await
        }
        .boxed()
    };
    clients.extend(open_each_stream(Server::builder, shutting).await);
    clients
}

#[tokio::test(start_paused = true)]
async fn tcp_ends_with_the_closing_deadline_whoever_holds_a_handle() {
    let begun = Instant::now();
    talk(open_closing().await, async |way, mut client| {
        let found = client.frame().await.unwrap();
        assert!(found.is_close(), "{way}: {found:?}");
        assert!(client.is_hung_up().await, "{way}");
        assert_eq!(begun.elapsed().as_secs(), 5, "{way}");
        while !client.is_cut().await {}
        assert_eq!(begun.elapsed().as_secs(), 5, "{way}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn tcp_ends_right_behind_an_answer_whoever_holds_a_handle() {
    let begun = Instant::now();
    talk(open_closing().await, async |way, mut client| {
        let found = client.frame().await.unwrap();
        assert!(found.is_close(), "{way}: {found:?}");
        client.send(close(1000)).await;
        assert!(client.is_hung_up().await, "{way}");
        assert_eq!(begun.elapsed(), Duration::ZERO, "{way}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_outlives_its_connection_costs_no_place() {
    for (name, handler) in HOLDING {
        let (tell, _told) = unbounded_channel();
        let again = tell.clone();
        let builder = || Server::builder().max_connections(1);
        let server = builder().messages(move |socket, _| handler(socket, tell.clone())).unwrap();
        let site = builder().upgrade_messages(move |socket, _| handler(socket, again.clone()));
        let (server, _) = serve(server);
        let site = site.unwrap();
        let open = site.connections();
        let site = axum::Router::new().route_service("/chat", site);
        for way in ["port", "site"] {
            for _ in 0..3 {
                let begun = Instant::now();
                let mut client = match way {
                    "port" => server.connect(),
                    _ => mount::visit(&site),
                };
                client.send(requests::RFC6455).await;
                let head = client.head().await;
                assert!(head.starts_with("HTTP/1.1 101 "), "{name}, {way}: {head}");
                client.send(close(1000)).await;
                client.expect(close(1000)).await;
                client.end().await;
                assert!(client.is_hung_up().await, "{name}, {way}");
                // The server has let go when it has seen the end.
                while !client.is_cut().await {}
                assert!(begun.elapsed().as_secs() < 5, "{name}, {way}");
                assert_eq!(open.count(), 0, "{name}, {way}");
            }
        }
    }
}

/// A client of a handler that panics, on a port or a site that has room for one.
async fn expect_panic(handler: fn(WebSocket) -> Served) {
    let builder = || Server::builder().max_connections(1);
    let (server, _) = serve(builder().messages(move |socket, _| handler(socket)).unwrap());
    let site = builder().upgrade_messages(move |socket, _| handler(socket)).unwrap();
    let site = axum::Router::new().route_service("/chat", site);
    for way in ["port", "port", "site", "site"] {
        let mut client = match way {
            "port" => server.connect(),
            _ => mount::visit(&site),
        };
        client.send(requests::RFC6455).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{way}: {head}");
        client.send(text("now")).await;
        client.expect(close(1011)).await;
        client.send(close(1011)).await;
        assert!(client.is_hung_up().await, "{way}");
        client.end().await;
        while !client.is_cut().await {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_closes_with_1011_and_leaves_its_place() {
    let log = Log::default();
    let _logged = log.begin();
    expect_panic(|mut socket| {
        async move {
            drop(socket.recv().await);
            panic!("as asked")
        }
        .boxed()
    })
    .await;
    assert_eq!(log.text().matches("a service panicked, its connection is closed").count(), 4);
    assert!(log.text().contains("ERROR") && log.text().contains("as asked"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_with_the_socket_closes_with_1011() {
    expect_panic(|mut socket| {
        tokio::spawn(async move {
            drop(socket.recv().await);
            panic!("as asked")
        });
        async { Ok(()) }.boxed()
    })
    .await;
    expect_panic(|socket| {
        let (mut receiver, sender) = socket.split();
        tokio::spawn(async move {
            let _held = sender;
            drop(receiver.recv().await);
            panic!("as asked")
        });
        wait_with(()).boxed()
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_with_the_stream_closes_with_1011() {
    let server = serve_bytes(|mut stream, _| async move {
        tokio::spawn(async move {
            drop(stream.read_u8().await);
            panic!("as asked")
        });
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("now")).await;
    client.expect(close(1011)).await;
}
