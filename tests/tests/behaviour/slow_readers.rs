//! Peers that take slowly what was sent to them, while the connection ends.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};
use ws_tests::frames::{close, ping};
use ws_tests::{Client, Connector, requests};

use crate::{serve_bytes, serve_messages};

/// What lies between the server and its client, as the buffers of two systems would hold it.
const BETWEEN: usize = 4 << 20;

const SENT: usize = 3_500_000;

/// Bytes that a client takes each tenth of a second: 400 KB a second.
const TAKEN: usize = 40_000;

/// A client that has much of what is sent to it before it reads.
async fn open(server: &Connector) -> Client {
    let (near, far) = tokio::io::duplex(BETWEEN);
    server.give(far);
    let mut client = Client::new(near);
    client.send(requests::RFC6455).await;
    client.head().await;
    client
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_pings_gets_all_that_was_sent() {
    let messages = serve_messages(|mut socket, _| async move {
        socket.send(&vec![9; SENT][..]).await?;
        Ok(())
    });
    let bytes = serve_bytes(|mut stream, _| async move { stream.write_all(&vec![9; SENT]).await });
    for server in [messages, bytes] {
        let mut client = open(&server).await;
        let (mut received, mut rounds) = (Vec::new(), 0);
        while !received.ends_with(&close(1000).unmasked()) {
            if rounds % 20 == 0 {
                assert!(client.try_send(ping("there?")).await, "after {rounds} rounds");
            }
            sleep(Duration::from_millis(100)).await;
            received.extend(client.read(TAKEN.min(SENT + 4 - received.len().min(SENT))).await);
            rounds += 1;
            assert!(rounds < 1000, "{} bytes", received.len());
        }
        assert!(received.iter().filter(|byte| **byte == 9).count() >= SENT);
    }
}

/// How long a client stays connected that answers no Close, and reads in this way.
async fn stays(server: &Connector, mut read: impl AsyncFnMut(&mut Client)) -> Duration {
    let mut client = open(server).await;
    let begun = Instant::now();
    while client.try_send(ping("")).await {
        read(&mut client).await;
        sleep(Duration::from_secs(1)).await;
    }
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_close_is_cut_however_it_reads() {
    for sent in [0, SENT] {
        let server = serve_messages(move |mut socket, _| async move {
            socket.send(&vec![9; sent][..]).await?;
            Ok(())
        });
        let most = if sent == 0 { 6 } else { 38 };
        let nothing = stays(&server, async |_| {}).await;
        let little = stays(&server, async |client| _ = client.read(1).await).await;
        for stayed in [nothing, little] {
            assert!((5..=most).contains(&stayed.as_secs()), "{stayed:?} after {sent} bytes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_of_what_waits_is_cut_in_time() {
    let server = serve_messages(|mut socket, _| async move {
        socket.feed(&vec![9; 200_000][..]).await?;
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    while client.try_send(ping("")).await {
        sleep(Duration::from_secs(1)).await;
    }
    assert!((5..=6).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}
