//! The round-trip time of a ping, and the state of a connection, on request.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::timeout;
use ws_server::{ByteStream, ConnectionPhase, Peer, SendError, WebSocket};
use ws_tests::Client;
use ws_tests::frames::{close, ping, pong, text};
use ws_tests::requests;

use crate::{serve_bytes, serve_messages};

/// How long the peer takes to answer.
const TIME: Duration = Duration::from_millis(70);

/// Answers the next frame, which is a ping, after [`TIME`].
async fn answer(client: &mut Client) {
    let frame = client.frame().await.unwrap();
    assert_eq!(frame, ping(&frame.payload));
    tokio::time::sleep(TIME).await;
    client.send(pong(frame.payload)).await;
}

/// What a handler has measured or seen: an assertion within a handler would only end its
/// connection.
fn results<T>() -> (mpsc::UnboundedSender<T>, mpsc::UnboundedReceiver<T>) {
    mpsc::unbounded_channel()
}

/// The next result.
async fn next<T>(results: &mut mpsc::UnboundedReceiver<T>) -> T {
    timeout(Duration::from_secs(60), results.recv()).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_handler_measures_the_round_trip_time() {
    let (sender, mut measured) = results();
    let server = serve_messages(move |mut socket: WebSocket, _: Peer| {
        let sender = sender.clone();
        async move {
            for _ in 0..300 {
                sender.send(socket.round_trip().await.unwrap()).unwrap();
            }
            let message = socket.recv().await.unwrap()?;
            socket.send(message).await?;
            Ok(())
        }
    });
    let mut client = server.open(requests::RFC6455).await;
    // Neither a pong to nothing, nor a message is mistaken for the answer.
    client.send(pong("unasked")).await;
    client.send(text("kept")).await;
    for _ in 0..300 {
        answer(&mut client).await;
        assert_eq!(next(&mut measured).await, TIME);
    }
    client.expect(text("kept")).await;
}

#[tokio::test(start_paused = true)]
async fn senders_measure_while_the_other_half_receives() {
    let (sender, mut measured) = results();
    let server = serve_messages(move |socket: WebSocket, _: Peer| {
        let (mut receiver, half) = socket.split();
        for mut half in [half.clone(), half] {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(half.round_trip().await.unwrap()).unwrap() });
        }
        async move {
            while let Some(message) = receiver.recv().await {
                message?;
            }
            Ok(())
        }
    });
    for request in [requests::RFC6455, requests::HYBI08, requests::HYBI07] {
        let mut client = server.open(request).await;
        // The answer to the second ping is also one to the first (RFC 6455 §5.5.3).
        let _first = client.frame().await.unwrap();
        answer(&mut client).await;
        assert_eq!([next(&mut measured).await, next(&mut measured).await], [TIME; 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_measures_beside_what_it_receives_in_one_task() {
    let (sender, mut measured) = results();
    let server = serve_messages(move |socket: WebSocket, _: Peer| {
        let sender = sender.clone();
        let (mut receiver, mut half) = socket.split();
        async move {
            let measuring = async {
                sender.send(half.round_trip().await.unwrap()).unwrap();
            };
            // The measuring future is polled first: it is woken for a pong that `recv` takes in.
            let (_, received) = tokio::join!(biased; measuring, receiver.recv());
            received.unwrap()?;
            Ok(())
        }
    });
    let mut client = server.open(requests::RFC6455).await;
    answer(&mut client).await;
    assert_eq!(next(&mut measured).await, TIME);
}

#[tokio::test(start_paused = true)]
async fn the_time_includes_what_the_socket_takes_before_the_ping() {
    let (sender, mut measured) = results();
    let server = serve_messages(move |mut socket: WebSocket, _: Peer| {
        let sender = sender.clone();
        async move {
            // More than the pipe holds.
            socket.feed(vec![0; 100_000]).await?;
            sender.send(socket.round_trip().await.unwrap()).unwrap();
            Ok(())
        }
    });
    let mut client = server.open(requests::RFC6455).await;
    tokio::time::sleep(TIME).await;
    assert_eq!(client.frame().await.unwrap().payload.len(), 100_000);
    answer(&mut client).await;
    assert_eq!(next(&mut measured).await, 2 * TIME);
}

#[tokio::test(start_paused = true)]
async fn measuring_ends_with_the_connection_and_is_not_for_drafts_without_ping() {
    let (sender, mut errors) = results();
    let server = serve_messages(move |mut socket: WebSocket, _: Peer| {
        let sender = sender.clone();
        async move {
            sender.send(socket.round_trip().await.unwrap_err()).unwrap();
            Ok(())
        }
    });
    let mut client = server.open(requests::RFC6455).await;
    assert!(client.frame().await.is_some());
    client.send(close(1000)).await;
    assert!(matches!(next(&mut errors).await, SendError::Closed));
    let _client = server.open_hixie76().await;
    assert!(matches!(next(&mut errors).await, SendError::Unsupported(_)));
}

#[tokio::test(start_paused = true)]
async fn a_connection_tells_its_state() {
    let (sender, mut seen) = results();
    let server = serve_messages(move |mut socket: WebSocket, _: Peer| {
        let sender = sender.clone();
        async move {
            let id = socket.id();
            sender.send((id, socket.stats())).unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send((id, socket.stats())).unwrap();
            socket.recv().await.unwrap()?;
            sender.send((id, socket.stats())).unwrap();
            let (_receiver, mut half) = socket.split();
            half.close(None).await?;
            sender.send((id, half.stats())).unwrap();
            Ok(())
        }
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(&[text("whole").masked(), text("too").masked()].concat()).await;
    client.send(&text("cut").masked()[..7]).await;
    // What is read ahead, whether a message has begun, and how far the connection is. A sender does
    // not see what the receiver holds.
    let open = ConnectionPhase::Open;
    let expected =
        [(0, false, open), (8, true, open), (3, true, open), (0, true, ConnectionPhase::Closing)];
    for (number, (read_ahead, within, phase)) in expected.into_iter().enumerate() {
        let (id, stats) = next(&mut seen).await;
        assert_eq!((stats.id, stats.unsent_bytes), (id, 0), "{number}: {stats:?}");
        let told = (stats.read_ahead_bytes, stats.within_message, stats.phase);
        assert_eq!(told, (read_ahead, within, phase), "{number}: {stats:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_its_state() {
    let (sender, mut seen) = results();
    let server = serve_bytes(move |mut stream: ByteStream, _: Peer| {
        let sender = sender.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send(stream.stats().read_ahead_bytes).unwrap();
            stream.read_exact(&mut [0; 2]).await?;
            sender.send(stream.stats().read_ahead_bytes).unwrap();
            Ok(())
        }
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("whole")).await;
    assert_eq!([next(&mut seen).await, next(&mut seen).await], [5, 3]);
}
