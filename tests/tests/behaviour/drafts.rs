//! Every version, from its request to its closing handshake.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;
use ws_server::{ByteStream, Server};
use ws_tests::Client;
use ws_tests::frames::{binary, close, continuation, empty_close, ping, pong, text};
use ws_tests::requests::{self, with_field};

use crate::{echo_bytes, echo_messages, serve_bytes};

#[tokio::test(start_paused = true)]
async fn hybi_clients_of_every_version_echo_messages_and_close() {
    for request in [requests::RFC6455, requests::HYBI08, requests::HYBI07] {
        let server = echo_messages(Server::builder());
        let mut client = server.open(request).await;
        client.send(text("Hello")).await;
        client.expect(text("Hello")).await;
        client.send(binary([0, 255])).await;
        client.expect(binary([0, 255])).await;
        client.send(text("")).await;
        client.expect(text("")).await;
        client.send(ping("?")).await;
        client.expect(pong("?")).await;
        client.send(text("Hel").unfinished()).await;
        client.send(continuation("lo")).await;
        client.expect(text("Hello")).await;
        client.send(close(1000)).await;
        client.expect(close(1000)).await;
        assert!(client.is_hung_up().await);
    }
}

async fn open_hixie76(client: &mut Client, early: &[u8], late: &[u8], request: &[u8]) {
    client.send(&[request, early].concat()).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 WebSocket Protocol Handshake\r\n"), "{head}");
    assert!(head.contains("Sec-WebSocket-Location: ws://example.com/demo\r\n"), "{head}");
    client.send(late).await;
    client.expect(requests::HIXIE76_ANSWER).await;
}

#[tokio::test(start_paused = true)]
async fn hixie76_clients_echo_text_and_close_whenever_the_last_key_comes() {
    let key = requests::HIXIE76_KEY3;
    for split in [0, 3, 8] {
        let server = echo_messages(Server::builder());
        let mut client = server.connect();
        open_hixie76(&mut client, &key[..split], &key[split..], requests::HIXIE76).await;
        client.send(b"\x00Hello\xff\x00\xff\x00h\xc3\xa9\xff").await;
        client.expect(b"\x00Hello\xff\x00\xff\x00h\xc3\xa9\xff").await;
        client.send(b"\xff\x00").await;
        client.expect(b"\xff\x00").await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn hixie76_replaces_what_is_not_utf8() {
    let server = echo_messages(Server::builder());
    let mut client = server.connect();
    let key = requests::HIXIE76_KEY3;
    open_hixie76(&mut client, key, b"", requests::HIXIE76).await;
    client.send(b"\x00a\x80b\xff").await;
    client.expect("\x00a\u{fffd}b".as_bytes()).await;
    client.expect(b"\xff").await;
}

#[tokio::test(start_paused = true)]
async fn frames_that_come_with_the_request_are_not_lost() {
    let server = echo_messages(Server::builder());
    let mut client = server.connect();
    client.send(&[requests::RFC6455, &text("early").masked()].concat()).await;
    client.head().await;
    client.expect(text("early")).await;

    let mut client = server.connect();
    let wire = [requests::HIXIE76_KEY3, b"\x00early\xff"].concat();
    open_hixie76(&mut client, &wire, b"", requests::HIXIE76).await;
    client.expect(b"\x00early\xff").await;
}

#[tokio::test(start_paused = true)]
async fn handshake_and_frames_may_come_byte_by_byte() {
    let server = echo_messages(Server::builder());
    let mut client = server.connect();
    client.send_bytewise(requests::RFC6455).await;
    client.send_bytewise([text("slow"), empty_close()]).await;
    client.head().await;
    client.expect(text("slow")).await;
    client.expect(empty_close()).await;
}

#[tokio::test(start_paused = true)]
async fn hixie76_carries_any_bytes_as_base64_for_clients_that_ask() {
    let server = echo_bytes(Server::builder());
    let request = with_field(requests::HIXIE76, "Sec-WebSocket-Protocol: base64");
    let mut client = server.connect();
    client.send(&[&request, requests::HIXIE76_KEY3].concat()).await;
    let head = client.head().await;
    assert!(head.contains("Sec-WebSocket-Protocol: base64\r\n"), "{head}");
    client.expect(requests::HIXIE76_ANSWER).await;
    client.send(b"\x00AP8B\xff").await;
    client.expect(b"\x00AP8B\xff").await;
    let bytes: Vec<u8> = (0..3000_u32).map(|n| (n % 251) as u8).collect();
    client.send(&[b"\x00", STANDARD.encode(&bytes).as_bytes(), b"\xff"].concat()).await;
    let mut echoed = Vec::new();
    while echoed.len() < bytes.len() {
        client.expect(b"\x00").await;
        let mut text = Vec::new();
        while !text.ends_with(b"\xff") {
            text.extend(client.read(1).await);
        }
        text.pop();
        echoed.extend(STANDARD.decode(text).unwrap());
    }
    assert_eq!(echoed, bytes);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_invented_where_base64_that_is_read_ahead_is_broken() {
    let (tell, told) = oneshot::channel();
    let tell = Arc::new(Mutex::new(Some(tell)));
    let server = serve_bytes(move |mut stream: ByteStream, _| {
        let tell = tell.lock().unwrap().take();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let mut read = Vec::new();
            let outcome = stream.read_to_end(&mut read).await;
            tell.unwrap().send((read, outcome.map_err(|error| error.kind()))).unwrap();
            Ok(())
        }
    });
    let request = with_field(requests::RFC6455, "Sec-WebSocket-Protocol: base64");
    let mut client = server.open(&request).await;
    client.send([text("AQID"), text("QUJDQUJD!!!!")]).await;
    assert_eq!(told.await.unwrap(), (vec![1, 2, 3], Err(ErrorKind::InvalidData)));
}

#[tokio::test(start_paused = true)]
async fn base64_goes_in_text_frames_over_hybi_too() {
    let server = echo_bytes(Server::builder());
    let request = with_field(requests::RFC6455, "Sec-WebSocket-Protocol: base64");
    let mut client = server.open(&request).await;
    client.send(text("AP8B")).await;
    client.expect(text("AP8B")).await;
    client.send(text("AP8")).await;
    client.expect_close(1007).await;
    assert!(client.is_hung_up().await);
    let mut client = server.open(&request).await;
    client.send(binary("AP8B")).await;
    client.expect_close(1003).await;
    assert!(client.is_hung_up().await);
}
