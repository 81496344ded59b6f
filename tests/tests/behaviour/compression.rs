//! permessage-deflate, and what came before it, on a whole server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use flate2::{Compress, Compression, FlushCompress};
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;
use ws_server::extension::{Deflate, Traffic};
use ws_server::{Builder, Limits, Outgoing, Server, WebSocket, WebSocketUpgrade};
use ws_tests::frames::{binary, continuation, text};
use ws_tests::requests::{self, with_field};
use ws_tests::{Client, Connector};

use crate::mount::visit;
use crate::{echo_bytes, echo_messages, serve};

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";

pub(crate) fn deflating() -> Builder {
    Server::builder().extension(Deflate::new())
}

async fn open(server: &Connector, request: &[u8], offer: &str) -> (Client, String) {
    let mut client = server.connect();
    client.send(&with_field(request, offer)).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    (client, head)
}

/// So many times one byte, as one message is compressed.
fn compressed(byte: u8, count: usize) -> Vec<u8> {
    let mut engine = Compress::new(Compression::best(), false);
    let mut payload = Vec::with_capacity(count / 100 + 100);
    engine.compress_vec(&vec![byte; count], &mut payload, FlushCompress::Sync).unwrap();
    assert_eq!(engine.total_in(), count as u64);
    payload.truncate(payload.len() - 4);
    payload
}

#[tokio::test(start_paused = true)]
async fn every_version_with_extensions_agrees_on_it() {
    let server = echo_messages(deflating());
    for request in [requests::RFC6455, requests::HYBI08, requests::HYBI07] {
        let (mut client, head) = open(&server, request, OFFER).await;
        let agreed =
            "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12\r\n";
        assert!(head.contains(agreed), "{head}");
        client.send_bytewise(text(HELLO).rsv1()).await;
        client.expect(text("Hello")).await;
        client.send(binary(compressed(b'a', 500)).rsv1()).await;
        let reply = client.frame().await.unwrap();
        assert_eq!(reply, binary(&reply.payload).rsv1());
        let len = reply.payload.len();
        assert!(len < 20, "500 times the same became {len} bytes");
        client.send(text("plain")).await;
        client.expect(text("plain")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn safari_is_answered_in_its_own_way() {
    let server = echo_messages(deflating());
    let offer = "Sec-WebSocket-Extensions: x-webkit-deflate-frame";
    let (mut client, head) = open(&server, requests::RFC6455, offer).await;
    assert!(head.contains("\r\nSec-WebSocket-Extensions: x-webkit-deflate-frame\r\n"), "{head}");
    let first = text([0xf2, 0x48, 0xcd, 0x01, 0x00]).rsv1().unfinished();
    client.send([first, continuation([0xca, 0xc9, 7, 0]).rsv1()]).await;
    client.expect(text("Hello")).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_not_told_to_agrees_on_nothing() {
    let server = echo_messages(Server::builder());
    let (mut client, head) = open(&server, requests::RFC6455, OFFER).await;
    assert!(!head.to_lowercase().contains("extensions"), "{head}");
    client.send(text(HELLO).rsv1()).await;
    client.expect_close(1002).await;
}

#[tokio::test(start_paused = true)]
async fn a_site_agrees_on_it_too() {
    async fn chat(upgrade: WebSocketUpgrade) -> axum::response::Response {
        upgrade.extension(Deflate::new()).on_upgrade(|mut socket| async move {
            let message = socket.recv().await.unwrap().unwrap();
            socket.send(&message).await.unwrap();
        })
    }
    let upgrade = deflating().upgrade_messages(|socket, _| crate::echo(socket)).unwrap();
    let extractor = Router::new().route("/chat", axum::routing::any(chat));
    for site in [Router::new().route_service("/chat", upgrade), extractor] {
        let mut client = visit(&site);
        client.send(&with_field(requests::RFC6455, OFFER)).await;
        let head = client.head().await;
        let agreed =
            "\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits=12\r\n";
        assert!(head.contains(agreed), "{head}");
        client.send(text(HELLO).rsv1()).await;
        client.expect(text("Hello")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_bomb_ends_with_too_big() {
    let server = echo_messages(deflating());
    let (mut client, _) = open(&server, requests::RFC6455, OFFER).await;
    let limit = Limits::default().message;
    let bomb = binary(compressed(0, limit + 1)).rsv1().masked();
    assert!(bomb.len() < 2000);
    client.send(&bomb).await;
    client.expect_close(1009).await;
}

/// What a few bytes stand for comes as fast as it is read, and other tasks have their turns.
#[tokio::test(start_paused = true)]
async fn a_byte_stream_takes_a_bomb_in_turns_with_others() {
    const COUNT: usize = 8 << 20;
    let bomb = binary(compressed(1, COUNT)).rsv1().masked();
    for chunk in [1000, 16 * 1024, 100_000] {
        let (report, reported) = oneshot::channel();
        let report = Arc::new(Mutex::new(Some(report)));
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = turns.clone();
        let service = move |mut stream: ws_server::ByteStream, _| {
            let (turns, report) = (turns.clone(), report.clone());
            async move {
                let mut buf = vec![0; chunk];
                let mut count = stream.read(&mut buf[..1]).await?;
                let before = turns.load(Ordering::Relaxed);
                while count < COUNT {
                    match stream.read(&mut buf).await? {
                        0 => panic!("the stream ends after {count} bytes"),
                        more => count += more,
                    }
                }
                let turns = turns.load(Ordering::Relaxed) - before;
                report.lock().unwrap().take().unwrap().send(turns).unwrap();
                Ok(())
            }
        };
        let (server, _) = serve(deflating().wrap(service).unwrap());
        let (mut client, _) = open(&server, requests::RFC6455, OFFER).await;
        client.send(&bomb).await;
        let others = async {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        };
        let turns = tokio::select! {
            turns = reported => turns.unwrap(),
            () = others => unreachable!(),
        };
        assert!(turns >= 3, "{turns} turns in reads of {chunk}");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_are_compressed_both_ways_in_a_stream() {
    let server = echo_bytes(deflating());
    let (mut client, _) = open(&server, requests::RFC6455, OFFER).await;
    let first = binary(&HELLO[..3]).rsv1().unfinished();
    client.send_bytewise([first, continuation(&HELLO[3..])]).await;
    let mut echoed = Vec::new();
    while echoed.len() < 5 {
        let found = client.frame().await.unwrap();
        assert_eq!(found, binary(&found.payload));
        echoed.extend(found.payload);
    }
    assert_eq!(echoed, b"Hello");
    client.send(binary(compressed(b'a', 4000)).rsv1()).await;
    let reply = client.frame().await.unwrap();
    assert_eq!(reply, binary(&reply.payload).rsv1());
    assert!(reply.payload.len() < 60);
}

#[tokio::test(start_paused = true)]
async fn a_secret_goes_out_as_it_is_by_every_way_of_sending() {
    let secret = "secret".repeat(40);
    let service = move |mut socket: WebSocket, _| {
        let secret = secret.clone();
        async move {
            socket.feed(&secret).await?;
            socket.send(Outgoing::uncompressed(&secret)).await?;
            let (_, mut replies) = socket.recv_lent().await.unwrap()?;
            replies.feed(Outgoing::uncompressed(&secret)).await?;
            let (_receiver, mut sender) = socket.split();
            sender.send(Outgoing::uncompressed(secret.as_bytes())).await?;
            Ok(())
        }
    };
    let (server, _) = serve(deflating().messages(service).unwrap());
    let (mut client, _) = open(&server, requests::RFC6455, OFFER).await;
    let found = client.frame().await.unwrap();
    assert_eq!(found, text(&found.payload).rsv1());
    let secret = "secret".repeat(40);
    client.expect(text(&secret)).await;
    client.send(text("")).await;
    client.expect(text(&secret)).await;
    client.expect(binary(&secret)).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_learns_what_was_agreed_on_and_what_it_was_good_for() {
    let service = |mut socket: WebSocket, peer: ws_server::Peer| async move {
        let told = |traffic: Option<&Arc<Traffic>>| {
            traffic.map(|traffic| {
                let received = (traffic.received(), traffic.received_on_wire());
                (received, (traffic.sent(), traffic.sent_on_wire()))
            })
        };
        while let Some(message) = socket.recv().await {
            let text = format!("{:?} {:?}", peer.extension(), told(peer.traffic()));
            assert!(!message?.as_bytes().is_empty());
            socket.send(&text).await?;
        }
        Ok(())
    };
    let (server, _) = serve(deflating().messages(service).unwrap());
    let offer = "Sec-WebSocket-Extensions: permessage-deflate";
    let (mut client, _) = open(&server, requests::RFC6455, offer).await;
    client.send(text(HELLO).rsv1()).await;
    client.expect(text(r#"Some("permessage-deflate") Some(((5, 7), (0, 0)))"#)).await;
    client.send(text("plain")).await;
    client.expect(text(r#"Some("permessage-deflate") Some(((10, 12), (49, 49)))"#)).await;
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("plain")).await;
    client.expect(text("None None")).await;
}
