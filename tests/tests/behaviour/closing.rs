//! The closing handshake, and how peers that break the protocol are sent away.

use std::future::poll_fn;
use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;
use ws_server::{ByteStream, CloseReason, SendError, Server, StatusCode, WebSocket};
use ws_tests::{frame, masked, requests};

use crate::{echo_bytes, echo_messages, serve, used_up};

/// What a peer is told that broke the protocol: the status code of the Close.
async fn status_after(request: &[u8], wire: &[u8]) -> Vec<u16> {
    let mut codes = Vec::new();
    for server in [echo_messages(Server::builder()), echo_bytes(Server::builder())] {
        let mut client = server.open(request).await;
        client.send(wire).await;
        let close = client.rest().await;
        assert_eq!((close[0], usize::from(close[1])), (0x88, close.len() - 2), "{close:x?}");
        codes.push(u16::from_be_bytes([close[2], close[3]]));
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
    let bad_text = masked(0x81, &[0xff]);
    assert_eq!(status_after(requests::HYBI08, &bad_text).await, [1007, 1007]);
    assert_eq!(status_after(requests::HYBI07, &bad_text).await, [1002, 1002]);
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
    let (owned, _) = serve(Server::builder().messages(echo_owned).unwrap());
    for server in [lent, owned] {
        let mut client = server.open(requests::RFC6455).await;
        client.send(&[masked(0x81, b"good"), masked(0x81, &[0xff])].concat()).await;
        let received = client.rest().await;
        let reply = frame(0x81, b"good");
        let (first, close) = received.split_at(reply.len());
        assert_eq!(first, reply);
        assert_eq!((close[0], &close[2..4]), (0x88, &1007u16.to_be_bytes()[..]), "{close:x?}");
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
    let whole = masked(0x81, &[0xff]);
    let begun = masked(0x81, &[0xff; 1000])[..100].to_vec();
    for bad in [whole, begun] {
        let (server, _) = serve(Server::builder().messages(service).unwrap());
        let mut client = server.open(requests::RFC6455).await;
        client.send(&masked(0x81, b"good")).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.send(&bad).await;
        client.expect(&frame(0x81, b"good")).await;
        let close = client.rest().await;
        assert_eq!((close[0], &close[2..4]), (0x88, &1007u16.to_be_bytes()[..]), "{close:x?}");
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
    let (server, _) = serve(Server::builder().messages(service).unwrap());
    let mut client = server.open(requests::RFC6455).await;
    client.send(&masked(0x88, b"\x03\xe8")).await;
    client.expect(&frame(0x88, b"\x03\xe8")).await;
    assert_eq!(told.recv().await, Some((true, true, true, true)));
}

/// In memory there is no reset, so this is over TCP.
#[tokio::test]
async fn a_peer_that_has_ended_its_side_of_tcp_reads_its_answer_and_then_the_end() {
    let server = Server::builder().messages(|socket, _peer| crate::echo(socket)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(server.serve(listener).into_future());
    let whole = (masked(0x82, b"last"), frame(0x82, b"last"));
    let cut = (masked(0x82, b"cut off")[..9].to_vec(), Vec::new());
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
    client.send(&[masked(0x88, &[]), masked(0x81, b"late"), masked(0x89, b"?")].concat()).await;
    client.expect(&frame(0x88, &[])).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_returns_closes_and_waits_for_the_peer_no_longer_than_its_deadline() {
    let (server, _) = serve(
        Server::builder()
            .messages(|mut socket: WebSocket, _| async move {
                socket.send("bye").await?;
                Ok(())
            })
            .unwrap(),
    );
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(&frame(0x81, b"bye")).await;
    client.expect(&frame(0x88, &[0x03, 0xe8])).await;
    client.send(&masked(0x81, b"not yet")).await;
    assert!(client.is_hung_up().await);
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn closing_names_the_reason_in_the_words_of_the_version() {
    for (request, code) in
        [(requests::RFC6455, 1014_u16), (requests::HYBI08, 1001), (requests::HYBI07, 1001)]
    {
        let (server, _) = serve(
            Server::builder()
                .messages(|socket: WebSocket, _| async move {
                    socket.close(Some(CloseReason::new(StatusCode::BAD_GATEWAY, "gone"))).await;
                    Ok(())
                })
                .unwrap(),
        );
        let mut client = server.open(request).await;
        let payload = [&code.to_be_bytes()[..], b"gone"].concat();
        client.expect(&frame(0x88, &payload)).await;
        client.send(&masked(0x88, &code.to_be_bytes())).await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_and_closes_does_not_hold_the_service_that_writes() {
    for goodbye in [masked(0x88, &[]), frame(0x81, b"unmasked")] {
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
        let (server, _) = serve(Server::builder().wrap(service).unwrap());
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
    let (server, _) = serve(Server::builder().messages(service).unwrap());
    for goodbye in [masked(0x88, &[]), Vec::new()] {
        let mut client = server.open(requests::RFC6455).await;
        client.send(&goodbye).await;
        let ends = async { (ended.recv().await, ended.recv().await) };
        let (first, second) = tokio::time::timeout(Duration::from_secs(100), ends).await.unwrap();
        assert!(first.is_some() && second.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn the_closing_deadline_counts_once() {
    let (server, _) = serve(
        Server::builder()
            .messages(|socket: WebSocket, _| async move {
                socket.close(None).await;
                Ok(())
            })
            .unwrap(),
    );
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(&frame(0x88, &[])).await;
    client.send(&masked(0x88, &[])).await;
    // The client keeps its end of the connection open.
    while !client.is_cut().await {}
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_nothing_is_let_go_at_the_closing_deadline() {
    let long = || vec![7; 200_000];
    let servers = [
        Server::builder().messages(|_: WebSocket, _| async { Ok(()) }),
        Server::builder().messages(move |mut socket: WebSocket, _| async move {
            socket.feed(&long()[..]).await?;
            socket.close(None).await;
            Ok(())
        }),
        Server::builder().wrap(|_: ByteStream, _| async { Ok(()) }),
        Server::builder()
            .wrap(move |mut stream: ByteStream, _| async move { stream.write_all(&long()).await }),
    ];
    for (number, server) in servers.into_iter().enumerate() {
        let (server, _) = serve(server.unwrap());
        let mut client = server.open(requests::RFC6455).await;
        // Whatever it sent would be noticed.
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert!(!client.try_send(b"x").await, "service {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_uses_its_turns_up_keeps_the_closing_deadline() {
    let servers = [
        Server::builder().messages(|_: WebSocket, _| used_up(async { Ok(()) })),
        Server::builder().messages(|socket: WebSocket, _| {
            used_up(async {
                socket.close(None).await;
                Ok(())
            })
        }),
        Server::builder().wrap(|_: ByteStream, _| used_up(async { Ok(()) })),
        Server::builder().wrap(|mut stream: ByteStream, _| {
            used_up(async move {
                stream.shutdown().await?;
                stream.read_to_end(&mut Vec::new()).await.map(drop)
            })
        }),
    ];
    for (number, server) in servers.into_iter().enumerate() {
        let (server, _) = serve(server.unwrap());
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        assert_eq!(client.rest().await[0], 0x88, "service {number}");
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
        let (server, _) = serve(Server::builder().messages(service).unwrap());
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        client.expect(&frame(0x88, b"\x03\xe8")).await;
        assert_eq!(begun.elapsed().as_secs(), 1, "turns: {turns}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sending_half_that_closes_is_bound_by_the_closing_deadline() {
    let (server, _) = serve(
        Server::builder()
            .messages(|socket: WebSocket, _| async move {
                let (mut receiver, mut sender) = socket.split();
                let close = tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    sender.close(None).await.unwrap();
                    sender
                });
                assert!(receiver.recv().await.unwrap().is_err());
                drop(close.await.unwrap());
                Ok(())
            })
            .unwrap(),
    );
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(&frame(0x88, &[])).await;
    assert!(client.is_hung_up().await);
    assert_eq!(begun.elapsed(), Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_is_closed_though_its_service_works_on() {
    let (server, _) = serve(
        Server::builder()
            .wrap(|stream: ByteStream, _| async move {
                drop(stream);
                tokio::time::sleep(Duration::from_secs(1000)).await;
                Ok(())
            })
            .unwrap(),
    );
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(&frame(0x88, &[0x03, 0xe8])).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection_does_not_wait_for_what_its_service_does_afterwards() {
    let bytes = Server::builder().wrap(|stream, _| async {
        drop(stream);
        std::future::pending().await
    });
    let messages = Server::builder().messages(|socket, _| async {
        drop(socket);
        std::future::pending().await
    });
    for server in [bytes.unwrap(), messages.unwrap()] {
        let (server, _) = serve(server);
        let mut client = server.open(requests::RFC6455).await;
        client.expect(&frame(0x88, b"\x03\xe8")).await;
        client.send(&masked(0x88, b"\x03\xe8")).await;
        assert!(client.is_hung_up().await);
    }
}
