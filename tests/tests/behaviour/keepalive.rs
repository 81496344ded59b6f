//! Signs of life, with the clock stopped.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use ws_server::{ByteStream, Server, Timeouts};
use ws_tests::frames::{binary, close_with, ping, pong, text};
use ws_tests::requests;

use crate::{copy, echo, echo_bytes, echo_messages, serve, serve_bytes, serve_messages, used_up};

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_after_30_seconds_and_given_up_after_60() {
    for server in [echo_messages(Server::builder()), echo_bytes(Server::builder())] {
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        client.expect(ping("")).await;
        assert_eq!(begun.elapsed().as_secs(), 30);
        assert!(client.is_hung_up().await);
        assert_eq!(begun.elapsed().as_secs(), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_uses_its_turns_up_pings_in_time() {
    let servers = [
        serve_messages(|socket, _| used_up(echo(socket))),
        serve_bytes(|stream, _| used_up(copy(stream))),
    ];
    for server in servers {
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        client.expect(ping("")).await;
        assert_eq!(begun.elapsed().as_secs(), 30);
        client.send(pong("")).await;
        client.expect(ping("")).await;
        assert_eq!(begun.elapsed().as_secs(), 90);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays() {
    let server = echo_messages(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    for _ in 0..10 {
        client.expect(ping("")).await;
        client.send(pong("")).await;
    }
    client.send(text("still here")).await;
    client.expect(text("still here")).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_not_to_blame_for_a_clock_that_jumps() {
    let server = echo_messages(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    client.expect(ping("")).await;
    // The answer is there when the server goes on, and so is much time.
    client.send(pong("")).await;
    tokio::time::advance(Duration::from_secs(86_400)).await;
    client.send(text("still here")).await;
    client.expect(text("still here")).await;
}

#[tokio::test(start_paused = true)]
async fn a_draft_without_ping_is_let_be() {
    let server = echo_messages(Server::builder());
    let mut client = server.open_hixie76().await;
    sleep(Duration::from_secs(3600)).await;
    client.send(b"\0hi\xff").await;
    client.expect(b"\0hi\xff").await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_when_that_is_asked_for() {
    let mut timeouts = Timeouts::default();
    timeouts.idle = Some(Duration::from_secs(40));
    let server = echo_messages(Server::builder().timeouts(timeouts));
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(ping("")).await;
    client.send(pong("")).await;
    client.expect(close_with(1001, "idle")).await;
    assert_eq!(begun.elapsed().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_given_up() {
    for server in [echo_messages(Server::builder()), echo_bytes(Server::builder())] {
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        let flood = async {
            for _ in 0..1000 {
                client.send(binary([1; 10_000])).await;
            }
        };
        flood.await;
        assert!(begun.elapsed().as_secs() <= 90, "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_whose_data_waits_for_a_slow_service_is_not_given_up() {
    let mut timeouts = Timeouts::default();
    timeouts.idle = Some(Duration::from_secs(100));
    let service = |stream: ByteStream, _| async {
        sleep(Duration::from_secs(600)).await;
        copy(stream).await
    };
    let (server, _) = serve(Server::builder().timeouts(timeouts).wrap(service).unwrap());
    let mut client = server.open(requests::RFC6455).await;
    // More than is read ahead: the peer could not be heard.
    let waiting = vec![7; 64 * 1024];
    client.send(binary(&waiting)).await;
    client.expect(binary(&waiting[..4096])).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_talks_but_never_reads_is_given_up() {
    let hybi = (requests::RFC6455.to_vec(), binary([1; 10_000]).masked(), ping("alive").masked());
    let hixie = [&b"\0"[..], &[b'a'; 10_000], b"\xff"].concat();
    let opening = [requests::HIXIE76, requests::HIXIE76_KEY3].concat();
    for (request, message, word) in [hybi, (opening, hixie, b"\0alive\xff".to_vec())] {
        let server = echo_messages(Server::builder());
        let mut client = server.connect();
        client.send(&request).await;
        client.head().await;
        let begun = Instant::now();
        for _ in 0..15 {
            client.send(&message).await;
        }
        while client.try_send(&word).await {
            sleep(Duration::from_secs(1)).await;
            assert!(begun.elapsed().as_secs() <= 91, "{:?}", begun.elapsed());
        }
    }
}
