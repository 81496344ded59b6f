//! Targets that cannot be reached: the client is told before the WebSocket opens.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::process::{REQUEST, Server, expect_head, rest, socket_path};

/// The head of hixie-76's first example, without the eight bytes that follow it.
const HIXIE76: &[u8] = b"GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n\
    Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n";

/// The request of HyBi-07 or HyBi-08: RFC 6455's, with another version and name of the origin.
fn hybi(version: u8) -> Vec<u8> {
    let later = String::from_utf8_lossy(REQUEST);
    let headers = format!("Sec-WebSocket-Version: {version}\r\nSec-WebSocket-Origin: http://a");
    later.replace("Sec-WebSocket-Version: 13", &headers).into_bytes()
}

/// A port on which nobody listens.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A listener that accepts nothing and whose queue is full: connections to it stay unanswered.
fn silent() -> (Socket, SocketAddr, Vec<TcpStream>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(500));
    let queue = std::iter::from_fn(|| connect().ok()).collect();
    (listener, address, queue)
}

/// The head and the body of the refusal.
fn refused(server: &Server, request: &[u8]) -> (String, String) {
    let mut client = server.connect(request);
    let head = expect_head(&mut client);
    (head, String::from_utf8(rest(&mut client)).unwrap())
}

#[test]
fn a_target_that_refuses_is_a_bad_gateway_in_every_draft() {
    let mut server = Server::start(&["0", &format!("tcp:{}", free())]);
    for request in [REQUEST, &hybi(8), &hybi(7), HIXIE76] {
        let (head, body) = refused(&server, request);
        assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{head}");
        assert!(body.starts_with("the target cannot be reached: Connection refused"), "{body}");
    }
    server.wait_for_log("the target cannot be reached");
}

#[test]
fn a_unix_socket_that_is_not_there_is_a_bad_gateway() {
    let path = socket_path("nowhere");
    let server = Server::start(&["0", &format!("unix:{}", path.display())]);
    let (head, _body) = refused(&server, REQUEST);
    assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{head}");
}

#[test]
fn a_target_that_stays_silent_is_a_gateway_timeout() {
    let (_listener, address, _queue) = silent();
    let server = Server::start(&["0", &address.to_string(), "--opening-timeout", "1"]);
    let (head, body) = refused(&server, REQUEST);
    assert!(head.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{head}");
    assert_eq!(body, "the target cannot be reached: no answer within 0.5 seconds\n");
}

#[test]
fn a_target_gets_no_connection_for_a_request_that_is_refused() {
    let path = socket_path("refused");
    let target = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let server = Server::start(&["0", &format!("unix:{}", path.display()), "--path", "/chat"]);
    let elsewhere = String::from_utf8_lossy(REQUEST).replace("/chat", "/elsewhere");
    let (head, _body) = refused(&server, elsewhere.as_bytes());
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let mut client = server.connect(REQUEST);
    assert!(expect_head(&mut client).starts_with("HTTP/1.1 101 "));
    // The first connection is this client's.
    let (mut first, _): (UnixStream, _) = target.accept().unwrap();
    first.write_all(b"x").unwrap();
    let mut frame = [0; 3];
    client.read_exact(&mut frame).unwrap();
    assert_eq!(&frame, b"\x82\x01x");
    std::fs::remove_file(path).unwrap();
}
