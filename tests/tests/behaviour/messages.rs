//! Services that exchange messages.

use std::sync::atomic::Ordering;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use ws_core::{CodecBox, Drafts, Role};
use ws_server::{
    CloseCode, CloseReason, Limits, Message, RecvError, SendError, Server, Timeouts, WebSocket,
};
use ws_tests::frames::{binary, close, close_with, continuation, ping, pong, text};
use ws_tests::{CountedWrites, requests};

use crate::serve_messages;

fn rfc6455_codec() -> CodecBox {
    let drafts = Drafts::registered().unwrap();
    let draft = drafts.iter().find(|draft| draft.version() == Some(13)).unwrap();
    draft.codec(Role::Server, &Limits::default())
}

#[tokio::test(start_paused = true)]
async fn a_handler_receives_and_sends_messages_of_its_own() {
    let server = serve_messages(|mut socket, _| async move {
        while let Some(message) = socket.recv().await.transpose()? {
            match message {
                Message::Text(text) => socket.send(&text.to_uppercase()).await?,
                Message::Binary(bytes) => socket.send(&bytes[1..]).await?,
            }
        }
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("hello")).await;
    client.expect(text("HELLO")).await;
    client.send(binary("abc")).await;
    client.expect(binary("bc")).await;
}

#[tokio::test(start_paused = true)]
async fn long_messages_in_many_fragments_come_out_whole() {
    let server = crate::echo_messages(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    let long = "h\u{e9}llo \u{20ac} \u{1f600} ".repeat(20_000);
    let echo = tokio::spawn({
        let expected = text(&long);
        let pieces: Vec<_> = long.as_bytes().chunks(7_777).map(<[u8]>::to_vec).collect();
        async move {
            let last = pieces.len() - 1;
            for (at, piece) in pieces.iter().enumerate() {
                let piece = if at == 0 { text(piece) } else { continuation(piece) };
                if at == last {
                    client.send(piece).await;
                } else {
                    client.send(piece.unfinished()).await;
                    client.send(ping("")).await;
                    client.expect(pong("")).await;
                }
            }
            client.expect(expected).await;
        }
    });
    echo.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_receive_loses_nothing() {
    let server = serve_messages(|mut socket, _| async move {
        let (ticks, mut ticked) = mpsc::unbounded_channel::<()>();
        let ticker = tokio::spawn(async move {
            while ticks.send(()).is_ok() {
                tokio::task::yield_now().await;
            }
        });
        loop {
            tokio::select! {
                biased;
                _ = ticked.recv() => tokio::task::yield_now().await,
                message = socket.recv() => match message.transpose()? {
                    Some(message) => socket.feed(&message).await?,
                    None => break,
                },
            }
            tokio::select! {
                biased;
                message = socket.recv() => match message.transpose()? {
                    Some(message) => socket.feed(&message).await?,
                    None => break,
                },
                () = tokio::task::yield_now() => {}
            }
        }
        drop(ticked);
        drop(ticker.await);
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    let mut expected = Vec::new();
    for n in 0..50_u8 {
        let message = binary(vec![n; usize::from(n) * 7]);
        client.send_bytewise(&message).await;
        expected.push(message);
    }
    client.expect(expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_a_stream_and_a_sink() {
    let server = serve_messages(|socket, _| async move {
        let (sink, stream) = StreamExt::split(socket);
        stream.map(Result::unwrap).map(Ok).forward(sink).await?;
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("hello")).await;
    client.expect(text("hello")).await;
}

#[tokio::test(start_paused = true)]
async fn halves_work_in_two_tasks_and_pings_are_answered() {
    let server = serve_messages(|socket, _| async move {
        let (mut receiver, mut sender) = WebSocket::split(socket);
        let (queue, mut queued) = mpsc::unbounded_channel::<Message>();
        let writer = tokio::spawn(async move {
            while let Some(message) = queued.recv().await {
                sender.send(&message).await.unwrap();
            }
        });
        while let Some(message) = receiver.recv().await.transpose()? {
            queue.send(message).unwrap();
        }
        drop(queue);
        writer.await.unwrap();
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(ping("?")).await;
    client.expect(pong("?")).await;
    client.send(text("hello")).await;
    client.expect(text("hello")).await;
    client.send(close(3000)).await;
    client.expect(close(3000)).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_clean_close_is_not_an_error_and_its_reason_can_be_read() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = serve_messages(move |mut socket, _| {
        let tell = tell.clone();
        async move {
            let end = socket.recv().await;
            let reason = socket.peer_reason().map(|reason| reason.to_string());
            let late = socket.send("late").await;
            assert!(matches!(late, Err(SendError::Closed)));
            tell.send((end.is_none(), reason)).unwrap();
            Ok(())
        }
    });
    let mut client = server.open(requests::RFC6455).await;
    client.send(close_with(4001, "bye")).await;
    assert_eq!(told.recv().await.unwrap(), (true, Some("4001 bye".to_owned())));
    client.expect(close(4001)).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_tcp_without_a_close_is_an_error() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = serve_messages(move |mut socket, _| {
        let tell = tell.clone();
        async move {
            tell.send(socket.recv().await.map(Result::unwrap_err)).unwrap();
            assert!(socket.recv().await.is_none());
            Ok(())
        }
    });
    let begun = text("a").unfinished().masked();
    for (wire, within) in [(vec![], false), (begun, true), (vec![0x81], true)] {
        let mut client = server.open(requests::RFC6455).await;
        client.send(&wire).await;
        client.end().await;
        match told.recv().await.unwrap() {
            Some(RecvError::Disconnected { within_message, .. }) => {
                assert_eq!(within_message, within);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_draft_cannot_express_is_refused() {
    let server = serve_messages(|mut socket, _| async move {
        assert!(!socket.capabilities().binary);
        let refused = socket.send(&b"bytes"[..]).await;
        assert!(matches!(refused, Err(SendError::Unsupported(_))));
        assert!(matches!(socket.ping(b"").await, Err(SendError::Unsupported(_))));
        socket.send("text").await?;
        socket.close(Some(CloseReason::new(CloseCode::POLICY, "dropped here"))).await;
        Ok(())
    });
    let mut client = server.open_hixie76().await;
    client.expect(b"\x00text\xff\xff\x00").await;
}

#[tokio::test(start_paused = true)]
async fn answers_to_one_read_leave_in_one_write() {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let mut requests = Vec::new();
    for n in 0..16_u8 {
        requests.extend(binary([n; 100]).masked());
    }
    let codec = rfc6455_codec();
    let (counted, writes) = CountedWrites::new(far);
    let mut socket =
        WebSocket::new(counted, codec, &requests, Limits::default(), Timeouts::default());
    let echo = tokio::spawn(async move {
        while let Some(Ok((message, mut replies))) = socket.recv_lent().await {
            replies.feed(message).await.unwrap();
        }
    });
    let mut answers = vec![0; 16 * 102];
    near.read_exact(&mut answers).await.unwrap();
    assert_eq!(writes.load(Ordering::Relaxed), 1);
    drop(near);
    echo.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_sent_before_it_went_is_received_though_nothing_can_be_sent_to_it() {
    let (mut near, far) = tokio::io::duplex(1024);
    let codec = rfc6455_codec();
    // The ping's answer finds no reader any more.
    near.write_all(&[ping("?").masked(), text("last words").masked()].concat()).await.unwrap();
    drop(near);
    let mut socket =
        WebSocket::new(far, codec, &ping("?").masked(), Limits::default(), Timeouts::default());
    let message = socket.recv().await.unwrap().unwrap();
    assert_eq!(message, Message::text("last words"));
    assert!(matches!(socket.recv().await, Some(Err(RecvError::Io(_)))));
}
