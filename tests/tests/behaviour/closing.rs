//! The closing handshake, and how peers that break the protocol are sent away.

use std::future::poll_fn;
use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;
use ws_server::{ByteStream, CloseCode, CloseReason, SendError, Server, WebSocket};
use ws_tests::frames::{binary, close, close_with, empty_close, ping, text};
use ws_tests::{Encode, frame, masked, requests};

use crate::{echo_bytes, echo_messages, serve_bytes, serve_messages, used_up};

/// What a peer is told that broke the protocol: the status code of the Close.
async fn status_after(request: &[u8], sent: impl Encode) -> Vec<u16> {
    let mut codes = Vec::new();
    for server in [echo_messages(Server::builder()), echo_bytes(Server::builder())] {
        let mut client = server.open(request).await;
        client.send(&sent).await;
        let close = client.frame().await.unwrap();
        assert!(client.is_hung_up().await, "something behind {close:?}");
        codes.push(close.close_code().unwrap());
    }
    codes
}

#[tokio::test(start_paused = true)]
async fn peers_that_break_the_protocol_are_told_and_cut() {
    let cases: [(&[u8], u16); 12] = [
        (&frame(0x81, b"unmasked"), 1002),
        (&masked(0xc1, b"reserved bit"), 1002),
        (&masked(0x83, b"reserved opcode"), 1002),
        (&masked(0x8b, b"reserved opcode"), 1002),
        (&masked(0x89, &[0; 126]), 1002),
        (&masked(0x09, b"fragmented ping"), 1002),
        (&masked(0x80, b"continuation of nothing"), 1002),
        (&[masked(0x01, b"a"), masked(0x81, b"b")].concat(), 1002),
        (&[0x82, 0xfe, 0, 1, 0, 0, 0, 0, 7], 1002),
        (&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002),
        (&masked(0x81, &[0xff]), 1007),
        (&masked(0x88, &[0x03, 0xed]), 1002),
    ];
    for (wire, code) in cases {
        assert_eq!(status_after(requests::RFC6455, wire).await, [code, code], "{wire:x?}");
    }
    assert_eq!(status_after(requests::HYBI08, text(b"\xff")).await, [1007, 1007]);
    assert_eq!(status_after(requests::HYBI07, text(b"\xff")).await, [1002, 1002]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_goes_out_before_the_close_that_a_bad_text_of_the_same_read_gets() {
    let lent = echo_messages(Server::builder());
    let echo_owned = |mut socket: WebSocket, _peer| async move {
        while let Some(message) = socket.recv().await {
            socket.feed(&message?).await?;
        }
        Ok(())
    };
    for server in [lent, serve_messages(echo_owned)] {
        let mut client = server.open(requests::RFC6455).await;
        client.send([text("good"), text(b"\xff")]).await;
        client.expect(text("good")).await;
        client.expect_close(1007).await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_goes_out_before_the_close_that_a_bad_text_read_ahead_gets() {
    let service = |mut socket: WebSocket, _peer| async move {
        while let Some(message) = socket.recv().await {
            let message = message?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            socket.send(&message).await?;
        }
        Ok(())
    };
    let whole = text(b"\xff").masked();
    let begun = text([0xff; 1000]).masked()[..100].to_vec();
    for bad in [whole, begun] {
        let server = serve_messages(service);
        let mut client = server.open(requests::RFC6455).await;
        client.send(text("good")).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.send(&bad).await;
        client.expect(text("good")).await;
        client.expect_close(1007).await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fed_to_a_connection_that_has_closed() {
    let (tell, mut told) = unbounded_channel();
    let service = move |mut socket: WebSocket, _| {
        let tell = tell.clone();
        async move {
            let end = socket.recv().await.is_none();
            let fed = matches!(WebSocket::feed(&mut socket, "late").await, Err(SendError::Closed));
            let sunk = matches!(socket.start_send_unpin("late".into()), Err(SendError::Closed));
            let ready = poll_fn(|cx| socket.poll_ready_unpin(cx)).await;
            let ready = matches!(ready, Err(SendError::Closed));
            tell.send((end, fed, sunk, ready)).unwrap();
            Ok(())
        }
    };
    let server = serve_messages(service);
    let mut client = server.open(requests::RFC6455).await;
    client.send(close(1000)).await;
    client.expect(close(1000)).await;
    assert_eq!(told.recv().await, Some((true, true, true, true)));
}

/// In memory there is no reset, so this is over TCP.
#[tokio::test]
async fn a_peer_that_has_ended_its_side_of_tcp_reads_its_answer_and_then_the_end() {
    let server = Server::builder().messages(|socket, _peer| crate::echo(socket)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(server.serve(listener).into_future());
    let whole = (binary("last").masked(), binary("last").unmasked());
    let cut = (binary("cut off").masked()[..9].to_vec(), Vec::new());
    for (sent, answer) in [whole, cut] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(requests::RFC6455).await.unwrap();
        client.write_all(&sent).await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        let head = received.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(received[head..], answer);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_with_what_follows_a_close() {
    let server = echo_messages(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    client.send([empty_close(), text("late"), ping("?")]).await;
    client.expect(empty_close()).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_returns_closes_and_waits_for_the_peer_no_longer_than_its_deadline() {
    let server = serve_messages(|mut socket, _| async move {
        socket.send("bye").await?;
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(text("bye")).await;
    client.expect(close(1000)).await;
    client.send(text("not yet")).await;
    assert!(client.is_hung_up().await);
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn closing_names_the_reason_in_the_words_of_the_version() {
    for (request, code) in
        [(requests::RFC6455, 1014), (requests::HYBI08, 1001), (requests::HYBI07, 1001)]
    {
        let server = serve_messages(|socket, _| async move {
            socket.close(Some(CloseReason::new(CloseCode::BAD_GATEWAY, "gone"))).await;
            Ok(())
        });
        let mut client = server.open(request).await;
        client.expect(close_with(code, "gone")).await;
        client.send(close(code)).await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_and_closes_does_not_hold_the_service_that_writes() {
    for goodbye in [empty_close().masked(), text("unmasked").unmasked()] {
        let (done, mut ended) = unbounded_channel();
        let service = move |mut stream: ByteStream, _| {
            let done = done.clone();
            async move {
                let error = loop {
                    if let Err(error) = stream.write_all(&[7; 10_000]).await {
                        break error.kind();
                    }
                };
                done.send(error).unwrap();
                Ok(())
            }
        };
        let server = serve_bytes(service);
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        client.send(&goodbye).await;
        assert_eq!(ended.recv().await, Some(std::io::ErrorKind::BrokenPipe));
        assert!(begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_sending_half_is_not_held_by_a_peer_that_stops_reading() {
    let (done, mut ended) = unbounded_channel();
    let service = move |socket: WebSocket, _| {
        let done = done.clone();
        async move {
            let (mut receiver, mut sender) = socket.split();
            let writer = async {
                while sender.send(&[7; 10_000][..]).await.is_ok() {}
                done.send("writer").unwrap();
            };
            let reader = async {
                while let Some(Ok(_)) = receiver.recv().await {}
                done.send("reader").unwrap();
            };
            tokio::join!(writer, reader);
            Ok(())
        }
    };
    let server = serve_messages(service);
    for goodbye in [vec![empty_close()], vec![]] {
        let mut client = server.open(requests::RFC6455).await;
        client.send(&goodbye).await;
        let ends = async { (ended.recv().await, ended.recv().await) };
        let (first, second) = tokio::time::timeout(Duration::from_secs(100), ends).await.unwrap();
        assert!(first.is_some() && second.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn the_closing_deadline_counts_once() {
    let server = serve_messages(|socket, _| async move {
        socket.close(None).await;
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(empty_close()).await;
    client.send(empty_close()).await;
    // The client keeps its end of the connection open.
    while !client.is_cut().await {}
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_nothing_is_let_go_at_the_closing_deadline() {
    let long = || vec![7; 200_000];
    let servers = [
        serve_messages(|_, _| async { Ok(()) }),
        serve_messages(move |mut socket, _| async move {
            socket.feed(&long()[..]).await?;
            socket.close(None).await;
            Ok(())
        }),
        serve_bytes(|_, _| async { Ok(()) }),
        serve_bytes(move |mut stream, _| async move { stream.write_all(&long()).await }),
    ];
    for (number, server) in servers.into_iter().enumerate() {
        let mut client = server.open(requests::RFC6455).await;
        // Whatever it sent would be noticed.
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert!(!client.try_send(b"x").await, "service {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_uses_its_turns_up_keeps_the_closing_deadline() {
    let servers = [
        serve_messages(|_, _| used_up(async { Ok(()) })),
        serve_messages(|socket, _| {
            used_up(async {
                socket.close(None).await;
                Ok(())
            })
        }),
        serve_bytes(|_, _| used_up(async { Ok(()) })),
        serve_bytes(|mut stream, _| {
            used_up(async move {
                stream.shutdown().await?;
                stream.read_to_end(&mut Vec::new()).await.map(drop)
            })
        }),
    ];
    for (number, server) in servers.into_iter().enumerate() {
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        let found = client.frame().await.unwrap();
        assert!(found.is_close(), "service {number}: {found:?}");
        assert!(client.is_hung_up().await, "service {number}");
        assert_eq!(begun.elapsed().as_secs(), 5, "service {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_closed_by_its_drop_in_another_task() {
    for turns in ["whole", "used up"] {
        let service = move |socket: WebSocket, _| async move {
            let hand_over = async move {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    drop(socket);
                });
                Ok(())
            };
            match turns {
                "used up" => used_up(hand_over).await,
                _ => hand_over.await,
            }
        };
        let server = serve_messages(service);
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        client.expect(close(1000)).await;
        assert_eq!(begun.elapsed().as_secs(), 1, "turns: {turns}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sending_half_that_closes_is_bound_by_the_closing_deadline() {
    let server = serve_messages(|socket, _| async move {
        let (mut receiver, mut sender) = socket.split();
        let close = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.close(None).await.unwrap();
            sender
        });
        assert!(receiver.recv().await.unwrap().is_err());
        drop(close.await.unwrap());
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(empty_close()).await;
    assert!(client.is_hung_up().await);
    assert_eq!(begun.elapsed(), Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_is_closed_though_its_service_works_on() {
    let server = serve_bytes(|stream, _| async move {
        drop(stream);
        tokio::time::sleep(Duration::from_secs(1000)).await;
        Ok(())
    });
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(close(1000)).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection_does_not_wait_for_what_its_service_does_afterwards() {
    let bytes = serve_bytes(|stream, _| async {
        drop(stream);
        std::future::pending().await
    });
    let messages = serve_messages(|socket, _| async {
        drop(socket);
        std::future::pending().await
    });
    for server in [bytes, messages] {
        let mut client = server.open(requests::RFC6455).await;
        client.expect(close(1000)).await;
        client.send(close(1000)).await;
        assert!(client.is_hung_up().await);
    }
}
