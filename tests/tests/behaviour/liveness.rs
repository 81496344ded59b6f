//! A connection lives in its server's task, whatever its handler does.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use ws_server::{ByteStream, CloseCode, CloseReason, Server, Timeouts, WebSocket};
use ws_tests::frames::{binary, close, close_with, ping, pong};
use ws_tests::{Client, requests};

use crate::ways::{
    Served, expect_beside_ticks, open_all, open_each, open_each_stream, talk, wait_with,
};
use crate::{block_on, serve};

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_a_close_is_whatever_a_handler_does() {
    talk(open_all(Server::builder).await, async |name, mut client| {
        for round in 0..3 {
            let begun = Instant::now();
            client.send(ping("well?")).await;
            expect_beside_ticks(&mut client, pong("well?"), &name).await;
            assert_eq!(begun.elapsed(), Duration::ZERO, "{name}, round {round}");
            sleep(Duration::from_secs(8)).await;
        }
        let begun = Instant::now();
        client.send(close_with(4001, "bye")).await;
        expect_beside_ticks(&mut client, close(4001), &name).await;
        assert!(client.is_hung_up().await, "{name}");
        assert_eq!(begun.elapsed(), Duration::ZERO, "{name}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_found_whatever_a_handler_does() {
    let ends = ends_of(open_all(Server::builder).await, false).await;
    assert!(ends.iter().all(|end| *end == 60), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_only_ends_its_side_is_found_in_time() {
    let ends = ends_of(open_all(Server::builder).await, true).await;
    assert!(ends.iter().all(|end| *end <= 60), "{ends:?}");
}

/// After how many seconds the connections of clients end that say no more.
async fn ends_of(clients: Vec<(String, Client)>, ends_its_side: bool) -> Vec<u64> {
    let begun = Instant::now();
    let ends = FuturesUnordered::new();
    for (_, mut client) in clients {
        ends.push(async move {
            if ends_its_side {
                client.end().await;
            }
            client.rest().await;
            begun.elapsed().as_secs()
        });
    }
    ends.collect().await
}

#[tokio::test(start_paused = true)]
async fn deadlines_are_kept_whatever_a_handler_does() {
    let builder = || {
        let mut timeouts = Timeouts::default();
        timeouts.idle = Some(Duration::from_secs(20));
        Server::builder().timeouts(timeouts)
    };
    let clients = open_all(builder).await;
    let begun = Instant::now();
    talk(clients, async |name, mut client| {
        expect_beside_ticks(&mut client, close_with(1001, "idle"), &name).await;
        assert_eq!(begun.elapsed().as_secs(), 20, "{name}");
        // It is not answered.
        assert!(client.is_hung_up().await, "{name}");
        assert_eq!(begun.elapsed().as_secs(), 25, "{name}");
    })
    .await;
}

async fn hear(told: &mut Told) -> Option<CloseReason> {
    timeout(Duration::from_secs(3600), told.recv()).await.unwrap().unwrap()
}

type Told = UnboundedReceiver<Option<CloseReason>>;

/// Clients of handlers that wait for their peer to go, and what those are told.
async fn open_waiting() -> Vec<(&'static str, [(&'static str, Client); 3], Told)> {
    type Waiting = fn(WebSocket, UnboundedSender<Option<CloseReason>>) -> Served;
    let handlers: [(&str, Waiting); 4] = [
        ("with the socket", |socket, told| {
            async move {
                told.send(socket.closed().await).unwrap();
                Ok(())
            }
            .boxed()
        }),
        ("with a half, in a task", |socket, told| {
            let (receiver, sender) = socket.split();
            tokio::spawn(async move { told.send(sender.closed().await).unwrap() });
            wait_with(receiver).boxed()
        }),
        ("with a half that is alone", |socket, told| {
            let (receiver, sender) = socket.split();
            drop(receiver);
            async move {
                told.send(sender.closed().await).unwrap();
                Ok(())
            }
            .boxed()
        }),
        ("beside another that receives", |socket, told| {
            let (mut receiver, sender) = socket.split();
            let mut both = FuturesUnordered::new();
            both.push(async move { told.send(sender.closed().await).unwrap() }.boxed());
            both.push(async move { while let Some(Ok(_)) = receiver.recv().await {} }.boxed());
            async move {
                while both.next().await.is_some() {}
                Ok(())
            }
            .boxed()
        }),
    ];
    let mut clients = Vec::new();
    for (name, handler) in handlers {
        let (tell, told) = unbounded_channel();
        let opened = open_each(Server::builder, move |socket| handler(socket, tell.clone())).await;
        clients.push((name, opened, told));
    }
    let (tell, told) = unbounded_channel();
    let waiting = move |stream: ByteStream| {
        let tell = tell.clone();
        async move {
            tell.send(stream.closed().await).unwrap();
            Ok(())
        }
        .boxed()
    };
    clients.push(("with a stream", open_each_stream(Server::builder, waiting).await, told));
    clients
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_peer_to_go_is_told_its_reason() {
    let reason = CloseReason::new(CloseCode::new(4001).unwrap(), "bye");
    for (name, clients, mut told) in open_waiting().await {
        for (way, mut client) in clients {
            let begun = Instant::now();
            client.send(close_with(4001, "bye")).await;
            assert_eq!(hear(&mut told).await, Some(reason.clone()), "{name}, {way}");
            assert_eq!(begun.elapsed(), Duration::ZERO, "{name}, {way}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_peer_to_go_is_told_of_its_end() {
    for (name, clients, mut told) in open_waiting().await {
        for (way, mut client) in clients {
            let begun = Instant::now();
            client.end().await;
            assert_eq!(hear(&mut told).await, None, "{name}, {way}");
            assert_eq!(begun.elapsed(), Duration::ZERO, "{name}, {way}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_peer_to_go_is_told_of_its_death() {
    let begun = Instant::now();
    for (name, clients, mut told) in open_waiting().await {
        for _ in &clients {
            assert_eq!(hear(&mut told).await, None, "{name}");
            assert_eq!(begun.elapsed().as_secs(), 60, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_knows_the_reason_though_it_has_only_received() {
    let (tell, mut told) = unbounded_channel();
    let handler = move |mut socket: WebSocket| {
        let tell = tell.clone();
        async move {
            sleep(Duration::from_millis(1)).await;
            assert!(socket.recv().await.is_none());
            tell.send(socket.peer_reason()).unwrap();
            Ok(())
        }
        .boxed()
    };
    for (way, mut client) in open_each(Server::builder, handler).await {
        client.send(close_with(4001, "bye")).await;
        let reason = CloseReason::new(CloseCode::new(4001).unwrap(), "bye");
        assert_eq!(hear(&mut told).await, Some(reason), "{way}");
    }
}

/// What a socket does outside of a runtime: here the clock goes, for a thread is no task.
async fn in_a_thread(
    timeouts: Timeouts,
    exchange: impl AsyncFn(WebSocket) + Copy + Send + Sync + 'static,
) -> Client {
    let service = move |socket: WebSocket, _| async move {
        let (done, ended) = oneshot::channel();
        let (polled, waited) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            let mut exchange = pin!(exchange(socket));
            let mut first = Some(polled);
            block_on(poll_fn(|cx| {
                let outcome = exchange.as_mut().poll(cx);
                drop(first.take());
                outcome
            }));
            let _told = done.send(());
        });
        // The thread comes first; the task of the connection has done nothing yet.
        let _first = waited.recv();
        drop(ended.await);
        Ok(())
    };
    let (server, _) = serve(Server::builder().timeouts(timeouts).messages(service).unwrap());
    server.open(requests::RFC6455).await
}

#[tokio::test]
async fn a_socket_works_outside_of_the_runtime() {
    for _ in 0..20 {
        let mut client = in_a_thread(Timeouts::default(), async |mut socket: WebSocket| {
            while let Some(Ok(message)) = socket.recv().await {
                socket.send(&message).await.unwrap();
            }
        })
        .await;
        for _ in 0..3 {
            client.send(binary("thread")).await;
            client.expect(binary("thread")).await;
        }
        client.send(ping("?")).await;
        client.expect(pong("?")).await;
        client.send(close(1000)).await;
        client.expect(close(1000)).await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test]
async fn a_socket_is_closed_outside_of_the_runtime() {
    let mut timeouts = Timeouts::default();
    timeouts.keepalive.interval = None;
    for timeouts in [Timeouts::default(), timeouts] {
        let mut client = in_a_thread(timeouts, async |socket: WebSocket| {
            socket.close(Some(CloseReason::new(CloseCode::GOING_AWAY, ""))).await;
        })
        .await;
        client.expect(close(1001)).await;
        client.send(close(1001)).await;
        assert!(client.is_hung_up().await);
    }
}
