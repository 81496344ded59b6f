//! What a peer may cost.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::timeout;
use ws_server::{Limits, Listener, RemoteAddr, Server, Socket};
use ws_tests::frames::{binary, continuation, empty_close, ping, pong, text};
use ws_tests::{memory_listener, requests};

use crate::{echo_bytes, echo_messages};

fn limits(message: usize, frame: u64) -> Limits {
    let mut limits = Limits::default();
    limits.message = message;
    limits.frame = frame;
    limits
}

/// The head of a masked binary frame of this length, without any of its payload.
fn announcement(first: u8, len: u64) -> Vec<u8> {
    let mut head = vec![first, 0xff];
    head.extend(len.to_be_bytes());
    head.extend([0; 4]);
    head
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_refused_before_its_bytes_come() {
    let server = echo_messages(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    client.send(&announcement(0x82, (1 << 20) + 1)).await;
    client.expect_close(1009).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn fragments_count_together() {
    let server = echo_messages(Server::builder().limits(limits(10, 100)));
    let mut client = server.open(requests::RFC6455).await;
    client.send(binary([1; 6]).unfinished()).await;
    client.send(continuation([1; 5])).await;
    client.expect_close(1009).await;
    assert!(client.is_hung_up().await);
    let mut client = server.open(requests::RFC6455).await;
    client.send(binary([1; 6]).unfinished()).await;
    client.send(continuation([1; 4])).await;
    client.expect(binary([1; 10])).await;
}

#[tokio::test(start_paused = true)]
async fn older_versions_say_too_big_with_their_own_code() {
    for request in [requests::HYBI08, requests::HYBI07] {
        let server = echo_messages(Server::builder());
        let mut client = server.open(request).await;
        client.send(&announcement(0x82, u64::MAX >> 1)).await;
        client.expect_close(1004).await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_stream_takes_messages_of_any_length_and_frames_up_to_the_limit() {
    let server = echo_bytes(Server::builder().limits(limits(10, 70_000)));
    let mut client = server.open(requests::RFC6455).await;
    for _ in 0..10 {
        client.send(binary([1; 1000]).unfinished()).await;
        client.expect(binary([1; 1000])).await;
        client.send(continuation("")).await;
    }
    client.send(&announcement(0x82, 70_001)).await;
    client.expect_close(1009).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn an_endless_hixie_frame_is_cut_at_the_limit() {
    for first in [&b"\x00"[..], b"\x01"] {
        let server = echo_messages(Server::builder().limits(limits(100_000, 200_000)));
        let mut client = server.open_hixie76().await;
        client.send(first).await;
        for _ in 0..100 {
            client.send(&[b'a'; 10_000]).await;
        }
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn connections_over_the_cap_wait_for_their_turn() {
    let server = echo_messages(Server::builder().max_connections(1));
    let mut first = server.open(requests::RFC6455).await;
    let mut second = server.connect();
    second.send(requests::RFC6455).await;
    assert!(second.hears_nothing_for(Duration::from_secs(1)).await);
    first.send(text("one")).await;
    first.expect(text("one")).await;
    first.send(empty_close()).await;
    first.rest().await;
    drop(first);
    let head = second.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

/// A listener that counts whom it has let in.
struct Counting<L> {
    listener: L,
    accepted: Arc<AtomicUsize>,
}

impl<L: Listener> Listener for Counting<L> {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        let connection = ready!(self.listener.poll_accept(cx))?;
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(connection))
    }
}

#[tokio::test(start_paused = true)]
async fn connections_over_the_cap_are_not_even_accepted() {
    let (listener, connector) = memory_listener();
    let accepted = Arc::new(AtomicUsize::new(0));
    let listener = Counting { listener, accepted: accepted.clone() };
    let server = Server::builder().max_connections(2);
    let server = server.messages(|socket, _| crate::echo(socket)).unwrap();
    tokio::spawn(server.serve(listener).into_future());
    // Those whose opening handshake is under way count as well.
    let mut clients: Vec<_> = (0..5).map(|_| connector.connect()).collect();
    clients[0].send(requests::RFC6455).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(accepted.load(Ordering::Relaxed), 2);
    drop(clients.remove(1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(accepted.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_to_a_peer_that_reads_nothing_is_answered_once() {
    let server = echo_messages(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    // Fill the pipe, so that the server's socket refuses.
    client.send(binary([1; 15_000])).await;
    client.send(binary([2; 15_000])).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    for n in 0..100_u8 {
        client.send(ping([n])).await;
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    client.expect(binary([1; 15_000])).await;
    client.expect(binary([2; 15_000])).await;
    client.expect(pong([99])).await;
    client.send(text("next")).await;
    client.expect(text("next")).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_client_that_never_reads_is_bounded() {
    let server = echo_messages(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    let message = binary([7; 10_000]).masked();
    let mut taken = 0;
    while timeout(Duration::from_secs(1), client.send(&message)).await.is_ok() {
        taken += message.len();
        assert!(taken < 1 << 20, "nothing stops it");
    }
    // What may wait, one message more, what is read at once, and the pipe both ways.
    let most = Limits::default().send_buffer + (128 << 10) + (64 << 10);
    assert!((Limits::default().send_buffer..most).contains(&taken), "{taken}");
}

#[test]
fn a_runtime_without_timers_is_refused_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let served = runtime.block_on(async {
        let server = Server::builder().messages(|socket, _| crate::echo(socket)).unwrap();
        let (listener, _connector) = memory_listener();
        server.serve(listener).await
    });
    let error = served.unwrap_err().to_string();
    assert!(error.contains("no timers") && error.contains("enable_time"), "{error}");
}
