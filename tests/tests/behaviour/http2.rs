//! WebSockets in streams of HTTP/2 (RFC 8441).

use std::time::Duration;

use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};
use ws_server::{Builder, Peer, Server, Timeouts, Transport, WebSocket};
use ws_tests::frames::{Frame, binary, close, text};
use ws_tests::{Client, Connector, requests};

use crate::{echo_messages, serve, serve_messages};

type Stream = TokioIo<hyper::upgrade::Upgraded>;

async fn connect(server: &Connector) -> SendRequest<Empty<Bytes>> {
    speak(server.connect()).await
}

/// Speaks HTTP/2 on this connection.
async fn speak(connection: Client) -> SendRequest<Empty<Bytes>> {
    let io = TokioIo::new(connection.into_pipe());
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    sender
}

const URI: &str = "http://example.com/chat?x=1";

fn request(protocol: &'static str, version: &str) -> Request<Empty<Bytes>> {
    request_for(URI, protocol, version)
}

fn request_for(uri: &str, protocol: &'static str, version: &str) -> Request<Empty<Bytes>> {
    Request::connect(uri)
        .header("sec-websocket-version", version)
        .header("origin", "http://example.com")
        .extension(Protocol::from_static(protocol))
        .body(Empty::new())
        .unwrap()
}

async fn open(client: &mut SendRequest<Empty<Bytes>>) -> Stream {
    open_uri(client, URI).await
}

async fn open_uri(client: &mut SendRequest<Empty<Bytes>>, uri: &str) -> Stream {
    let response = client.send_request(request_for(uri, "websocket", "13")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key("sec-websocket-accept"));
    TokioIo::new(hyper::upgrade::on(response).await.unwrap())
}

/// The status and the fields with which a request for a WebSocket is refused.
pub(crate) async fn refused_at(server: &Connector, uri: &str) -> (StatusCode, HeaderMap) {
    let mut client = connect(server).await;
    let response = client.send_request(request_for(uri, "websocket", "13")).await.unwrap();
    (response.status(), response.headers().clone())
}

/// A client in a stream of its own.
pub(crate) async fn visit(server: &Connector) -> Client {
    visit_at(server.connect(), URI).await
}

/// As [`visit`], on this connection and at this URI.
pub(crate) async fn visit_at(connection: Client, uri: &str) -> Client {
    let (near, mut far) = tokio::io::duplex(1024);
    let mut client = speak(connection).await;
    let mut stream = open_uri(&mut client, uri).await;
    tokio::spawn(async move {
        drop(tokio::io::copy_bidirectional(&mut stream, &mut far).await);
        drop(client);
    });
    Client::new(near)
}

async fn send(stream: &mut Stream, frame: Frame) {
    stream.write_all(&frame.masked()).await.unwrap();
}

async fn expect(stream: &mut Stream, expected: Frame) {
    let expected = expected.unmasked();
    let mut found = vec![0; expected.len()];
    timeout(Duration::from_secs(3600), stream.read_exact(&mut found)).await.unwrap().unwrap();
    assert_eq!(found, expected);
}

async fn body(response: Response<Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn many_websockets_share_a_connection_and_end_in_order() {
    let server = echo_messages(Server::builder());
    let mut client = connect(&server).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(open(&mut client).await);
    }
    for stream in &mut streams {
        send(stream, text("hello")).await;
    }
    for mut stream in streams {
        expect(&mut stream, text("hello")).await;
        send(&mut stream, close(1000)).await;
        expect(&mut stream, close(1000)).await;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
        stream.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_of_another_version_or_protocol_is_refused() {
    let server = echo_messages(Server::builder());
    let mut client = connect(&server).await;
    for version in ["8", "14", ""] {
        let response = client.send_request(request("websocket", version)).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["sec-websocket-version"], "13");
        assert!(body(response).await.contains("13"));
    }
    let response = client.send_request(request("connect-udp", "13")).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
    let mut foreign = request("websocket", "13");
    foreign.headers_mut().insert("origin", "http://evil.example".parse().unwrap());
    let response = client.send_request(foreign).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(body(response).await.contains("this server's own is \"http://example.com\""));
    let page = Request::get("http://example.com/").body(Empty::new()).unwrap();
    let response = client.send_request(page).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(!response.headers().contains_key("upgrade"));
    // None of this has hurt the connection.
    let mut stream = open(&mut client).await;
    send(&mut stream, text("still")).await;
    expect(&mut stream, text("still")).await;
}

#[tokio::test(start_paused = true)]
async fn the_page_is_served_over_http_2_too() {
    let server = echo_messages(Server::builder().page("<p>page"));
    let mut client = connect(&server).await;
    let page = Request::get("http://example.com/").body(Empty::new()).unwrap();
    let response = client.send_request(page).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(body(response).await, "<p>page");
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_service_reads_nothing_does_not_stall_the_others() {
    let server = serve_messages(|mut socket, peer| async move {
        if peer.query() == Some("x=1") && peer.head().fields().contains("x-deaf") {
            sleep(Duration::from_secs(600)).await;
        }
        while let Some(message) = socket.recv().await {
            socket.feed(&message?).await?;
        }
        Ok(())
    });
    let mut client = connect(&server).await;
    let mut deaf = Vec::new();
    for _ in 0..10 {
        let mut request = request("websocket", "13");
        request.headers_mut().insert("x-deaf", "1".parse().unwrap());
        let response = client.send_request(request).await.unwrap();
        let mut stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        deaf.push(tokio::spawn(async move {
            let message = binary([7; 60_000]).masked();
            while stream.write_all(&message).await.is_ok() {}
        }));
    }
    sleep(Duration::from_secs(1)).await;
    let mut stream = open(&mut client).await;
    for _ in 0..20 {
        send(&mut stream, binary([1; 50_000])).await;
        expect(&mut stream, binary([1; 50_000])).await;
    }
    deaf.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_closes_every_stream() {
    let server = Server::builder().messages(|socket, _| crate::echo(socket)).unwrap();
    let (connector, stop, server) = crate::serve_until_stopped(server);
    let mut client = connect(&connector).await;
    let (mut first, mut second) = (open(&mut client).await, open(&mut client).await);
    stop.send(()).unwrap();
    for stream in [&mut first, &mut second] {
        expect(stream, close(1001)).await;
        send(stream, close(1001)).await;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        stream.shutdown().await.unwrap();
    }
    drop((first, second, client));
    timeout(Duration::from_secs(9), server).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_streams_is_ended_after_a_while() {
    let mut timeouts = Timeouts::default();
    timeouts.keepalive.interval = None;
    let server = echo_messages(Server::builder().timeouts(timeouts));
    let io = TokioIo::new(server.connect().into_pipe());
    let (mut sender, connection) =
        http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut stream = open(&mut sender).await;
    sleep(Duration::from_secs(200)).await;
    send(&mut stream, text("kept")).await;
    expect(&mut stream, text("kept")).await;
    drop(stream);
    timeout(Duration::from_secs(121), connection).await.unwrap().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_answers_nobody_takes_is_cut() {
    let server = echo_messages(Server::builder().page("<p>page"));
    let io = TokioIo::new(server.connect().into_pipe());
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(0)
        .handshake::<_, Empty<Bytes>>(io)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let page = Request::get("http://example.com/").body(Empty::new()).unwrap();
    let response = sender.send_request(page).await.unwrap();
    let begun = Instant::now();
    drop(timeout(Duration::from_secs(3600), connection).await.unwrap());
    assert_eq!(begun.elapsed().as_secs(), 70);
    drop(response);
}

#[tokio::test(start_paused = true)]
async fn websockets_in_streams_count_as_connections() {
    let server = echo_messages(Server::builder().max_connections(3));
    let mut client = connect(&server).await;
    let _streams = (open(&mut client).await, open(&mut client).await);
    let response = client.send_request(request("websocket", "13")).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_connection_waits_while_streams_have_all_the_room() {
    let server = echo_messages(Server::builder().max_connections(3));
    let mut client = connect(&server).await;
    let first = open(&mut client).await;
    // Accepting goes on here, for there is room; then a stream has taken it.
    sleep(Duration::from_secs(1)).await;
    let _second = open(&mut client).await;
    let mut waiting = server.connect();
    waiting.send(requests::RFC6455).await;
    assert!(waiting.hears_nothing_for(Duration::from_secs(1)).await);
    drop(first);
    let head = waiting.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

/// What a service knows of a request, told as its greeting.
async fn greeting(builder: Builder, request: Request<Empty<Bytes>>) -> String {
    let greet = |mut socket: WebSocket, peer: Peer| async move {
        let cookie = peer.head().fields().text("Cookie").unwrap().unwrap_or_default();
        socket.send(format!("{:?} {cookie}", peer.transport()).as_str()).await?;
        Ok(())
    };
    let (server, _) = serve(builder.messages(greet).unwrap());
    let response = connect(&server).await.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut header = [0; 2];
    stream.read_exact(&mut header).await.unwrap();
    let mut found = vec![0; usize::from(header[1])];
    stream.read_exact(&mut found).await.unwrap();
    String::from_utf8(found).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_cookie_that_comes_in_pieces_is_joined() {
    let mut request = request("websocket", "13");
    request.headers_mut().append("cookie", "a=1".parse().unwrap());
    request.headers_mut().append("cookie", "b=2".parse().unwrap());
    assert_eq!(greeting(Server::builder(), request).await, "Plain a=1; b=2");
}

#[tokio::test(start_paused = true)]
async fn the_configured_transport_comes_before_the_scheme() {
    let mut request = request("websocket", "13");
    request.headers_mut().insert("origin", "https://example.com".parse().unwrap());
    let builder = Server::builder().transport(Transport::Tls);
    assert_eq!(greeting(builder, request).await, "Tls ");
}
