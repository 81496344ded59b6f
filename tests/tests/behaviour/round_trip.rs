//! The round-trip time of a ping, and the state of a connection, on request.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_server::{ByteStream, ConnectionPhase, Peer, SendError, WebSocket};
use ws_tests::Client;
use ws_tests::frames::{close, empty_close, ping, pong, text};
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

#[tokio::test(start_paused = true)]
async fn a_handler_measures_the_round_trip_time() {
    let server = serve_messages(|mut socket: WebSocket, _: Peer| async move {
        for _ in 0..3 {
            assert_eq!(socket.round_trip().await?, TIME);
        }
        let message = socket.recv().await.unwrap()?;
        socket.send(message).await?;
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    // Neither a pong to nothing, nor a message is mistaken for the answer.
    client.send(pong("unasked")).await;
    answer(&mut client).await;
    client.send(text("kept")).await;
    answer(&mut client).await;
    answer(&mut client).await;
    client.expect(text("kept")).await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_measures_while_the_other_half_receives() {
    let server = serve_messages(|socket: WebSocket, _: Peer| async move {
        let (mut receiver, mut sender) = socket.split();
        let mut other = sender.clone();
        let measuring = tokio::spawn(async move {
            let first = sender.round_trip().await.unwrap();
            (first, sender.round_trip().await.unwrap())
        });
        while let Some(message) = receiver.recv().await {
            other.send(message?).await?;
        }
        assert_eq!(measuring.await.unwrap(), (TIME, TIME));
        Ok(())
    });
    for request in [requests::RFC6455, requests::HYBI08, requests::HYBI07] {
        let mut client = server.open(request).await;
        answer(&mut client).await;
        answer(&mut client).await;
        client.send(text("still here")).await;
        client.expect(text("still here")).await;
        client.send(close(1000)).await;
        client.expect_close(1000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_measures_beside_what_it_receives_in_one_task() {
    let server = serve_messages(|socket: WebSocket, _: Peer| async move {
        let (mut receiver, mut sender) = socket.split();
        let mut other = sender.clone();
        let receiving = async {
            while let Some(message) = receiver.recv().await {
                other.send(message?).await?;
            }
            Ok::<_, std::io::Error>(())
        };
        // The measuring future is polled first: it is woken for a pong that `recv` takes in.
        let (measured, received) = tokio::join!(sender.round_trip(), receiving);
        assert_eq!(measured.unwrap(), TIME);
        received
    });
    let mut client = server.open(requests::RFC6455).await;
    answer(&mut client).await;
    client.send(close(1000)).await;
    client.expect_close(1000).await;
}

#[tokio::test(start_paused = true)]
async fn measuring_ends_with_the_connection_and_is_not_for_drafts_without_ping() {
    let server = serve_messages(|mut socket: WebSocket, _: Peer| async move {
        let error = socket.round_trip().await.unwrap_err();
        match socket.capabilities().ping {
            true => assert!(matches!(error, SendError::Closed), "{error}"),
            false => assert!(matches!(error, SendError::Unsupported(_)), "{error}"),
        }
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    assert!(client.frame().await.is_some());
    client.send(close(1000)).await;
    client.expect_close(1000).await;
    let mut client = server.open_hixie76().await;
    client.expect(&b"\xff\0"[..]).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_tells_its_state() {
    let server = serve_messages(|mut socket: WebSocket, _: Peer| async move {
        let stats = socket.stats();
        assert_eq!((stats.id, stats.phase), (socket.id(), ConnectionPhase::Open));
        assert_eq!((stats.unsent_bytes, stats.read_ahead_bytes), (0, 0));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(socket.stats().read_ahead_bytes, 5, "{:?}", socket.stats());
        assert!(socket.stats().within_message);
        let message = socket.recv().await.unwrap()?;
        assert_eq!(socket.stats().read_ahead_bytes, 0);
        socket.send(message).await?;
        let (_receiver, mut sender) = socket.split();
        sender.close(None).await?;
        assert_eq!(sender.stats().phase, ConnectionPhase::Closing);
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("whole")).await;
    client.send(&text("cut").masked()[..7]).await;
    client.expect(text("whole")).await;
    client.expect(empty_close()).await;

    let server = serve_bytes(|mut stream: ByteStream, _: Peer| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(stream.stats().read_ahead_bytes, 5);
        let mut bytes = [0; 2];
        stream.read_exact(&mut bytes).await?;
        assert_eq!(stream.stats().read_ahead_bytes, 3);
        stream.shutdown().await
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("whole")).await;
    client.expect(close(1000)).await;
}
