//! Messages that are longer than what may wait to be sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use ws_server::{Builder, Limits, Server, Timeouts, WebSocket};
use ws_tests::frames::{close, text};
use ws_tests::requests;

use crate::serve;

const LEN: usize = 1 << 20;
const SEND_BUFFER: usize = 100_000;

/// What a pipe of the tests holds.
const PIPE: usize = 16 * 1024;

fn builder() -> Builder {
    let mut limits = Limits::default();
    limits.send_buffer = SEND_BUFFER;
    Server::builder().limits(limits)
}

fn long() -> String {
    (0..LEN).map(|at| char::from(b'a' + (at % 23) as u8)).collect()
}

#[tokio::test(start_paused = true)]
async fn are_waited_for_until_no_more_is_left_than_may_wait() {
    let fed = Arc::new(AtomicBool::new(false));
    let told = fed.clone();
    let service = move |mut socket: WebSocket, _| {
        let told = told.clone();
        async move {
            socket.feed(&long()).await?;
            told.store(true, Ordering::Relaxed);
            Ok(())
        }
    };
    let (server, _) = serve(builder().messages(service).unwrap());
    let mut client = server.open(requests::RFC6455).await;
    let expected = text(long()).unmasked();
    let (before, behind) = expected.split_at(LEN - SEND_BUFFER - 2 * PIPE);
    client.expect(before).await;
    sleep(Duration::from_secs(1)).await;
    assert!(!fed.load(Ordering::Relaxed), "more is left than may wait");
    let (middle, end) = behind.split_at(2 * PIPE);
    client.expect(middle).await;
    sleep(Duration::from_secs(1)).await;
    assert!(fed.load(Ordering::Relaxed), "what is left may wait");
    client.expect(end).await;
    client.expect(close(1000)).await;
}

#[tokio::test(start_paused = true)]
async fn go_out_whole_when_nobody_waits_any_more() {
    let service = |mut socket: WebSocket, _| async move {
        assert!(timeout(Duration::from_secs(1), socket.feed(&long())).await.is_err());
        // Of this one nothing is taken.
        assert!(timeout(Duration::from_secs(1), socket.feed("no room")).await.is_err());
        socket.send("next").await?;
        Ok(())
    };
    let (server, _) = serve(builder().messages(service).unwrap());
    let frames = [text(long()).unmasked(), text("next").unmasked()].concat();
    let hixie76 = [b"\x00", long().as_bytes(), b"\xff\x00next\xff"].concat();
    let clients =
        [(server.open(requests::RFC6455).await, frames), (server.open_hixie76().await, hixie76)];
    for (mut client, expected) in clients {
        sleep(Duration::from_secs(5)).await;
        client.expect(&expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn are_not_waited_for_when_the_keepalive_has_to_look() {
    let mut timeouts = Timeouts::default();
    timeouts.keepalive.interval = Some(Duration::from_secs(10));
    let service = |mut socket: WebSocket, _| async move {
        let begun = Instant::now();
        socket.feed(&long()).await?;
        socket.send(&format!("taken after {} s", begun.elapsed().as_secs())).await?;
        Ok(())
    };
    let (server, _) = serve(builder().timeouts(timeouts).messages(service).unwrap());
    let mut client = server.open(requests::RFC6455).await;
    sleep(Duration::from_secs(15)).await;
    client.expect(text(long())).await;
    client.expect(text("taken after 10 s")).await;
}

/// Who reads slowly is alive, though nothing is heard from it.
#[tokio::test(start_paused = true)]
async fn keep_their_reader_alive() {
    let mut timeouts = Timeouts::default();
    timeouts.keepalive.interval = Some(Duration::from_secs(10));
    timeouts.keepalive.missed = 1;
    let service = |mut socket: WebSocket, _| async move { Ok(socket.send(&long()).await?) };
    let (server, _) = serve(builder().timeouts(timeouts).messages(service).unwrap());
    let mut client = server.open(requests::RFC6455).await;
    for piece in text(long()).unmasked().chunks(PIPE) {
        sleep(Duration::from_secs(1)).await;
        client.expect(piece).await;
    }
}
