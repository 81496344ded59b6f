//! Opening handshakes that are refused, and what the client is told.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;
use ws_server::{Origins, Server};
use ws_tests::Client;
use ws_tests::requests::{self, with_field};

use crate::{echo_bytes, echo_messages};

async fn answer(builder: ws_server::Builder, request: &[u8]) -> String {
    let mut client = echo_messages(builder).connect();
    client.send(request).await;
    String::from_utf8(client.rest().await).unwrap()
}

fn replaced(from: &str, to: &str) -> Vec<u8> {
    std::str::from_utf8(requests::RFC6455).unwrap().replace(from, to).into_bytes()
}

#[tokio::test(start_paused = true)]
async fn an_unknown_version_is_told_the_versions_that_are_spoken() {
    let answer = answer(Server::builder(), &replaced("Version: 13", "Version: 14")).await;
    assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
    assert!(answer.contains("\r\nSec-WebSocket-Version: 13, 8, 7\r\n"), "{answer}");
    assert!(answer.contains("version 14"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_websocket_request_gets_an_http_answer() {
    let cases = [
        (replaced("GET", "POST"), "405"),
        (replaced("HTTP/1.1\r\nHost", "HTTP/1.0\r\nHost"), "400"),
        (replaced("Upgrade: websocket\r\n", ""), "426"),
        (replaced("Connection: keep-alive, Upgrade", "Connection: close"), "400"),
        (replaced("Host: example.com\r\n", ""), "400"),
        (replaced("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ=="), "400"),
        (replaced("GET /chat", "GET chat"), "400"),
        (with_field(requests::RFC6455, "Content-Length: 5"), "400"),
        (with_field(requests::RFC6455, &format!("X: {}", "x".repeat(17_000))), "431"),
        (b"\x16\x03\x01".to_vec(), "400"),
        (b"GET / HTTP/1.1\r\nBroken\r\n\r\n".to_vec(), "400"),
    ];
    for (request, status) in cases {
        let answer = answer(Server::builder(), &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
        assert!(body.len() > 10, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_head_is_a_head_alone() {
    let answer = answer(Server::builder(), &replaced("GET", "HEAD")).await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_origins_are_refused_unless_they_are_let_in() {
    let request = replaced("Origin: http://example.com", "Origin: http://evil.example");
    let refused = answer(Server::builder(), &request).await;
    assert!(refused.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{refused}");
    assert!(refused.contains("http://evil.example"), "{refused}");
    for origins in [Origins::Any, Origins::These(vec!["http://evil.example".into()])] {
        let server = echo_messages(Server::builder().origins(origins));
        server.open(&request).await;
    }
}

#[tokio::test(start_paused = true)]
async fn clients_without_an_origin_are_let_in() {
    let server = echo_messages(Server::builder());
    server.open(&replaced("Origin: http://example.com\r\n", "")).await;
}

#[tokio::test(start_paused = true)]
async fn other_paths_are_not_found() {
    let builder = || Server::builder().path("/chat");
    echo_messages(builder()).open(requests::RFC6455).await;
    let answer = answer(builder(), &replaced("/chat", "/other")).await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_gets_the_page() {
    let answer =
        answer(Server::builder().page("<p>hi"), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n<p>hi"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn the_page_is_for_get_alone() {
    let answer =
        answer(Server::builder().page("<p>hi"), b"POST / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn the_clients_first_subprotocol_that_is_spoken_is_agreed_on() {
    let request = with_field(requests::RFC6455, "Sec-WebSocket-Protocol: a, b, c");
    let builder = Server::builder().subprotocols(["c", "b"]);
    let mut client = echo_messages(builder).connect();
    client.send(&request).await;
    let head = client.head().await;
    assert!(head.contains("\r\nSec-WebSocket-Protocol: b\r\n"), "{head}");
    let mut client = echo_messages(Server::builder()).connect();
    client.send(&request).await;
    let head = client.head().await;
    assert!(!head.contains("Sec-WebSocket-Protocol"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn bytes_are_carried_as_binary_when_the_client_leaves_the_choice() {
    let request = with_field(requests::RFC6455, "Sec-WebSocket-Protocol: base64, binary");
    let mut client = echo_bytes(Server::builder()).connect();
    client.send(&request).await;
    let head = client.head().await;
    assert!(head.contains("\r\nSec-WebSocket-Protocol: binary\r\n"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_is_given_up_at_its_deadline_whatever_trickles() {
    let mut client = echo_messages(Server::builder()).connect();
    let begun = Instant::now();
    client.send(b"GET / HTTP/1.1\r\n").await;
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.send(b"x").await;
    }
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{head}");
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_last_key_that_does_not_come_is_given_up_at_the_same_deadline() {
    let mut client = echo_messages(Server::builder()).connect();
    let begun = Instant::now();
    client.send(requests::HIXIE76).await;
    client.head().await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    client.send(b"1234567").await;
    client.rest().await;
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_begins_nothing_is_left_at_the_deadline_without_an_answer() {
    // The second is the beginning of HTTP/2, and of nothing else yet.
    for beginning in [&b""[..], b"PRI * HTTP/2.0\r\n\r\n"] {
        let mut client = echo_messages(Server::builder()).connect();
        let begun = Instant::now();
        client.send(beginning).await;
        assert_eq!(client.rest().await, b"");
        assert_eq!(begun.elapsed().as_secs(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn http_2_is_recognised_however_its_first_bytes_arrive() {
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let wire = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings].concat();
    let mut client = echo_messages(Server::builder()).connect();
    client.send_bytewise(&wire).await;
    let answer = client.read(9).await;
    assert_eq!(answer[3..9], settings[3..], "no SETTINGS: {answer:?}");
}

/// A second, and what is sent then.
type Piece<'a> = (u64, &'a [u8]);

#[tokio::test(start_paused = true)]
async fn the_opening_deadline_does_not_begin_again_with_a_step() {
    let proxy = b"PROXY TCP4 203.0.113.9 192.0.2.1 1000 80\r\n";
    let (early, late) = requests::HIXIE76.split_at(40);
    // What comes, each but the last the end of a step; and the answer.
    let cases: [(&[Piece<'_>], &str); 5] = [
        (&[(6, proxy)], ""),
        (&[(0, proxy), (6, early)], "HTTP/1.1 408 "),
        (&[(0, proxy), (0, early), (6, late)], "HTTP/1.1 101 "),
        (&[(3, proxy), (5, early), (7, late)], "HTTP/1.1 101 "),
        (&[(3, proxy), (5, early), (7, late), (9, b"1234567")], "HTTP/1.1 101 "),
    ];
    let proxies = || std::iter::once("192.0.2.7".parse().unwrap()).collect();
    for (number, (pieces, answer)) in cases.into_iter().enumerate() {
        let mut client = echo_messages(Server::builder().proxy_protocol(proxies())).connect();
        let begun = Instant::now();
        for (second, piece) in pieces {
            tokio::time::sleep_until(begun + Duration::from_secs(*second)).await;
            client.send(piece).await;
        }
        let received = String::from_utf8(client.rest().await).unwrap();
        assert!(received.starts_with(answer), "case {number}: {received}");
        assert_eq!(begun.elapsed().as_secs(), 10, "case {number}");
    }
}

/// Gives one byte at each read, and each counts for the turn of who reads it.
struct Bytewise<R>(R);

impl<R: AsyncRead + Unpin> AsyncRead for Bytewise<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut byte = [0];
        let mut read = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut read))?;
        buf.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_of_more_reads_than_a_turn_has_keeps_the_deadline() {
    let server = echo_messages(Server::builder());
    let (near, far) = tokio::io::duplex(1024);
    let (reader, writer) = tokio::io::split(far);
    server.give(tokio::io::join(Bytewise(reader), writer));
    let mut client = Client::new(near);
    let begun = Instant::now();
    client.send(&requests::RFC6455[..190]).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{head}");
    assert_eq!(begun.elapsed().as_secs(), 10);
}
