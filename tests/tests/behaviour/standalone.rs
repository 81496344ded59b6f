//! Sockets over streams of one's own, which have no task of a server.

use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep, timeout};
use ws_core::{Drafts, Role};
use ws_server::{Limits, Timeouts, WebSocket};
use ws_tests::Client;
use ws_tests::frames::{binary, close, empty_close, ping, pong, text};

use crate::block_on;

fn pair() -> (WebSocket<DuplexStream>, Client) {
    pair_with(Timeouts::default(), b"")
}

/// A socket that has received these bytes, and its client.
fn pair_with(timeouts: Timeouts, received: &[u8]) -> (WebSocket<DuplexStream>, Client) {
    let (near, far) = tokio::io::duplex(1024);
    let limits = Limits::default();
    let drafts = Drafts::registered().unwrap();
    let draft = drafts.iter().find(|draft| draft.id().as_str() == "rfc6455").unwrap();
    let codec = draft.codec(Role::Server, &limits);
    (WebSocket::new(far, codec, received, limits, timeouts), Client::new(near))
}

#[tokio::test(start_paused = true)]
async fn a_socket_of_ones_own_is_driven_while_it_is_awaited() {
    let (mut socket, mut client) = pair_with(Timeouts::default(), &text("early").masked());
    let echo = tokio::spawn(async move {
        while let Some(received) = socket.recv().await {
            socket.send(&received.unwrap()).await.unwrap();
        }
        socket.peer_reason().unwrap().code().number()
    });
    client.expect(text("early")).await;
    client.send([ping("?"), binary([7; 50_000])]).await;
    client.expect(pong("?")).await;
    client.expect(binary([7; 50_000])).await;
    let begun = Instant::now();
    client.expect(ping("")).await;
    // Half a minute later it has been heard.
    assert_eq!(begun.elapsed().as_secs(), 60);
    client.send(close(4001)).await;
    client.expect(close(4001)).await;
    assert_eq!(echo.await.unwrap(), 4001);
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_socket_of_ones_own_is_driven_by_each_thing_that_is_awaited() {
    let (mut socket, mut client) = pair();
    let sending = tokio::spawn(async move {
        socket.send(&[7; 50_000][..]).await.unwrap();
        let reason = socket.closed().await;
        (socket, reason)
    });
    client.expect(binary([7; 50_000])).await;
    client.send(ping("?")).await;
    client.send(close(4001)).await;
    client.expect(pong("?")).await;
    client.expect(close(4001)).await;
    let (socket, reason) = timeout(Duration::from_secs(100), sending).await.unwrap().unwrap();
    assert_eq!(reason.unwrap().code().number(), 4001);
    socket.close(None).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_socket_of_ones_own_closes_in_order() {
    let (socket, mut client) = pair();
    let closing = tokio::spawn(socket.close(None));
    client.expect(empty_close()).await;
    client.send([text("late"), empty_close()]).await;
    client.end().await;
    closing.await.unwrap();
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_drives_a_socket_of_which_nothing_is_awaited() {
    let (mut socket, mut client) = pair();
    let keeper = tokio::spawn(socket.keeper());
    for _ in 0..3 {
        client.send(ping("?")).await;
        client.expect(pong("?")).await;
        client.expect(ping("")).await;
        client.send(pong("")).await;
    }
    client.send(text("kept")).await;
    let message = socket.recv().await.unwrap().unwrap();
    socket.send(&message).await.unwrap();
    client.expect(text("kept")).await;
    assert!(!keeper.is_finished());
    drop(socket);
    client.expect(close(1000)).await;
    client.send(close(1000)).await;
    client.end().await;
    timeout(Duration::from_secs(1), keeper).await.unwrap().unwrap();
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_wakes_whoever_waits_beside_it() {
    let (socket, mut client) = pair();
    let keeper = tokio::spawn(socket.keeper());
    let (mut receiver, mut sender) = socket.split();
    let echo = tokio::spawn(async move {
        while let Some(received) = receiver.recv().await {
            sender.send(&received.unwrap()).await.unwrap();
        }
        sender.closed().await.map(|reason| reason.code().number())
    });
    for length in [1, 1000, 100_000] {
        sleep(Duration::from_secs(1)).await;
        client.send(binary(vec![7; length])).await;
        client.expect(binary(vec![7; length])).await;
    }
    client.send(close(4001)).await;
    client.expect(close(4001)).await;
    assert_eq!(echo.await.unwrap(), Some(4001));
    assert!(client.is_hung_up().await);
    drop(client);
    timeout(Duration::from_secs(1), keeper).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_keeper_that_is_dropped_leaves_the_connection_to_whoever_awaits() {
    let (socket, mut client) = pair();
    let keeper = tokio::spawn(socket.keeper());
    client.send(ping("?")).await;
    client.expect(pong("?")).await;
    let waiting = tokio::spawn(async move { socket.closed().await });
    sleep(Duration::from_secs(1)).await;
    keeper.abort();
    assert!(keeper.await.unwrap_err().is_cancelled());
    client.send(close(4001)).await;
    let reason = timeout(Duration::from_secs(100), waiting).await.unwrap().unwrap();
    assert_eq!(reason.unwrap().code().number(), 4001);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_gives_a_dead_peer_up() {
    let (mut socket, client) = pair();
    let keeper = tokio::spawn(socket.keeper());
    let begun = Instant::now();
    keeper.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert!(socket.send("nobody").await.is_err());
    drop(client);
}

#[test]
fn a_socket_of_ones_own_without_deadlines_needs_no_runtime() {
    let mut timeouts = Timeouts::default();
    timeouts.keepalive.interval = None;
    let (mut socket, mut client) = pair_with(timeouts, &text("early").masked());
    block_on(async {
        let message = socket.recv().await.unwrap().unwrap();
        assert_eq!(message.as_bytes(), b"early");
        socket.send(&message).await.unwrap();
    });
    drop(socket);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(client.expect(text("early")));
}
