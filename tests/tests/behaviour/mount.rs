//! A service on a path of a site that hyper serves.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use ws_hixie75 as _;
use ws_server::{Builder, Connections, Origins, Peer, Server, UpgradeService, WebSocket};
use ws_tests::Client;
use ws_tests::frames::{binary, close, text};
use ws_tests::requests::{self, with_field};

use crate::echo;
use crate::log::Log;

fn mounted(builder: Builder) -> (Router, Connections) {
    let upgrade: UpgradeService = builder.upgrade_messages(|socket, _| echo(socket)).unwrap();
    let connections = upgrade.connections();
    let site = Router::new()
        .route("/", get(|| async { "a page" }))
        .route_service("/chat", upgrade.clone())
        .route_service("/demo", upgrade);
    (site, connections)
}

/// A client of a site, served as `axum::serve` does it.
pub(crate) fn visit(site: &Router) -> Client {
    visit_through(site, 64 * 1024)
}

/// As [`visit`], through a pipe that holds so many bytes in each direction.
fn visit_through(site: &Router, pipe_bytes: usize) -> Client {
    let (near, far) = tokio::io::duplex(pipe_bytes);
    let site = TowerToHyperService::new(site.clone());
    tokio::spawn(async move {
        let mut server = auto::Builder::new(TokioExecutor::new());
        server.http2().enable_connect_protocol();
        drop(server.serve_connection_with_upgrades(TokioIo::new(near), site).await);
    });
    Client::new(far)
}

async fn answer(site: &Router, request: &[u8]) -> String {
    let mut client = visit(site);
    client.send(request).await;
    let head = client.head().await;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let body = client.read(length.map_or(0, |length| length.parse().unwrap())).await;
    head + &String::from_utf8(body).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_hybi_version_is_served() {
    let (site, _) = mounted(Server::builder());
    for request in [requests::HYBI07, requests::HYBI08, requests::RFC6455] {
        let mut client = visit(&site);
        client.send(&[request, &text("early").masked()].concat()).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
        assert!(head.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        client.expect(text("early")).await;
        client.send(close(1000)).await;
        client.expect(close(1000)).await;
        assert!(client.is_hung_up().await);
    }
}

#[tokio::test(start_paused = true)]
async fn the_challenge_of_hixie_76_is_found_wherever_it_is() {
    let (site, _) = mounted(Server::builder());
    let announced = with_field(requests::HIXIE76, "Content-Length: 8");
    for request in [requests::HIXIE76, &announced] {
        for sent_with_head in 0..=8 {
            let (first, rest) = requests::HIXIE76_KEY3.split_at(sent_with_head);
            let mut client = visit(&site);
            client.send(&[request, first].concat()).await;
            let head = client.head().await;
            assert!(head.starts_with("HTTP/1.1 101 WebSocket Protocol Handshake\r\n"), "{head}");
            client.send(&[rest, b"\0early\xff"].concat()).await;
            client.expect(requests::HIXIE76_ANSWER).await;
            client.expect(b"\0early\xff").await;
            client.send(b"\xff\x00").await;
            client.expect(b"\xff\x00").await;
            assert!(client.is_hung_up().await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pages_before_the_upgrade_are_served_on_the_same_connection() {
    let (site, _) = mounted(Server::builder());
    let mut client = visit(&site);
    for _ in 0..2 {
        client.send(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
        client.expect(b"a page").await;
    }
    client.send(requests::RFC6455).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    client.send(binary("there")).await;
    client.expect(binary("there")).await;
}

#[tokio::test(start_paused = true)]
async fn what_opens_no_websocket_is_answered_in_words() {
    let replaced = |from: &str, to: &str| {
        let request = String::from_utf8(requests::RFC6455.to_vec()).unwrap();
        assert!(request.contains(from), "{from}");
        request.replace(from, to).into_bytes()
    };
    let cases = [
        (replaced("Upgrade: websocket\r\n", ""), "426", "Upgrade: websocket"),
        (replaced("Version: 13", "Version: 14"), "426", "version 14"),
        (replaced("GET", "POST"), "405", "GET"),
        (replaced("http://example.com", "http://evil.example"), "403", "http://evil.example"),
        (replaced("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), "400", "16 bytes"),
        (requests::HIXIE75.to_vec(), "501", "hixie75"),
    ];
    let (site, connections) = mounted(Server::builder());
    for (request, status, word) in cases {
        let answer = answer(&site, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
        assert!(answer.contains(word), "{word}: {answer}");
    }
    let versions = answer(&site, &replaced("Version: 13", "Version: 14")).await;
    assert!(versions.contains("\r\nsec-websocket-version: 13, 8, 7\r\n"), "{versions}");
    assert_eq!(connections.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_of_another_length_than_the_challenge_is_refused() {
    let (site, _) = mounted(Server::builder());
    for field in ["Content-Length: 9", "Transfer-Encoding: chunked"] {
        let answer = answer(&site, &with_field(requests::HIXIE76, field)).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{field}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_never_comes_ends_with_the_opening_deadline() {
    let (site, connections) = mounted(Server::builder());
    for request in [requests::HIXIE76, &with_field(requests::HIXIE76, "Content-Length: 8")] {
        let mut client = visit(&site);
        client.send(request).await;
        client.head().await;
        assert_eq!(connections.count(), 1);
        let begun = tokio::time::Instant::now();
        assert!(client.is_hung_up().await);
        assert_eq!(begun.elapsed().as_secs(), 10);
        assert_eq!(connections.count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_opening_deadline_of_a_site_counts_from_the_request() {
    let (site, connections) = mounted(Server::builder());
    // The challenge comes late, and then the client does not read the answer.
    let mut client = visit_through(&site, 8);
    let begun = tokio::time::Instant::now();
    client.send(&with_field(requests::HIXIE76, "Content-Length: 8")).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    tokio::time::sleep(Duration::from_secs(6)).await;
    client.send(requests::HIXIE76_KEY3).await;
    while connections.count() > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(begun.elapsed().as_secs(), 10);
    client.expect(&requests::HIXIE76_ANSWER[..8]).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_closes_mounted_connections_and_opens_no_more() {
    let (site, connections) = mounted(Server::builder());
    let mut hybi = visit(&site);
    hybi.send(requests::RFC6455).await;
    hybi.head().await;
    let mut hixie = visit(&site);
    hixie.send(&[requests::HIXIE76, requests::HIXIE76_KEY3].concat()).await;
    hixie.head().await;
    hixie.expect(requests::HIXIE76_ANSWER).await;
    assert_eq!(connections.count(), 2);
    let down = tokio::spawn({
        let connections = connections.clone();
        async move { connections.shutdown(Duration::from_secs(10)).await }
    });
    hybi.expect(close(1001)).await;
    hybi.send(close(1001)).await;
    assert!(hybi.is_hung_up().await);
    hixie.expect(b"\xff\x00").await;
    hixie.send(b"\xff\x00").await;
    assert!(hixie.is_hung_up().await);
    down.await.unwrap();
    assert_eq!(connections.count(), 0);
    assert!(answer(&site, requests::RFC6455).await.starts_with("HTTP/1.1 503 "));
}

#[tokio::test(start_paused = true)]
async fn a_mounted_service_that_does_not_end_is_cut_when_the_time_is_over() {
    let upgrade = Server::builder()
        .upgrade(|stream, _| async move {
            std::future::pending::<()>().await;
            drop(stream);
            Ok(())
        })
        .unwrap();
    let connections = upgrade.connections();
    let site = Router::new().route_service("/chat", upgrade);
    let mut client = visit(&site);
    client.send(requests::RFC6455).await;
    client.head().await;
    let begun = tokio::time::Instant::now();
    connections.shutdown(Duration::from_secs(3)).await;
    assert_eq!(begun.elapsed().as_secs(), 3);
    client.expect(close(1001)).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn no_more_are_open_at_once_than_there_is_room_for() {
    let (site, _) = mounted(Server::builder().max_connections(1));
    let mut first = visit(&site);
    first.send(requests::RFC6455).await;
    assert!(first.head().await.starts_with("HTTP/1.1 101 "));
    assert!(answer(&site, requests::RFC6455).await.starts_with("HTTP/1.1 503 "));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_upgrades_is_told_so_in_the_log() {
    let log = Log::default();
    let _logged = log.begin();
    let upgrade = Server::builder().origins(Origins::Any);
    let upgrade = upgrade.upgrade_messages(|socket, _| echo(socket)).unwrap();
    let connections = upgrade.connections();
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let service = TowerToHyperService::new(upgrade);
        drop(http1::Builder::new().serve_connection(TokioIo::new(near), service).await);
    });
    let mut client = Client::new(far);
    client.send(requests::RFC6455).await;
    client.head().await;
    assert!(client.is_hung_up().await);
    assert_eq!(connections.count(), 0);
    let log = log.text();
    assert!(log.contains("upgrades are not enabled on this HTTP connection"), "{log}");
    assert!(log.contains("with_upgrades"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_panics_is_told_of_in_the_log_and_counts_no_more() {
    let log = Log::default();
    let _logged = log.begin();
    let upgrade = Server::builder().upgrade_messages(|mut socket: WebSocket, _| async move {
        drop(socket.recv().await);
        panic!("as asked")
    });
    let upgrade = upgrade.unwrap();
    let connections = upgrade.connections();
    let site = Router::new().route_service("/chat", upgrade);
    let mut client = visit(&site);
    client.send(requests::RFC6455).await;
    client.head().await;
    assert_eq!(connections.count(), 1);
    client.send(text("now")).await;
    client.rest().await;
    connections.shutdown(Duration::from_secs(1)).await;
    assert_eq!(connections.count(), 0);
    let log = log.text();
    assert!(log.contains("ERROR"), "{log}");
    assert!(log.contains("a service panicked, its connection is closed"), "{log}");
    assert!(log.contains("as asked"), "{log}");
    assert!(!log.contains("did not close"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_no_server_has_read_cannot_be_upgraded() {
    let mut upgrade = Server::builder().upgrade_messages(|socket, _| echo(socket)).unwrap();
    let request = http::Request::get("/chat")
        .header("Host", "example.com")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Version", "13")
        .body(String::new())
        .unwrap();
    let answer: Result<_, Infallible> = tower_service::Service::call(&mut upgrade, request).await;
    assert_eq!(answer.unwrap().status(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_target_with_a_scheme_says_nothing_about_tls() {
    let upgrade = Server::builder()
        .upgrade_messages(|mut socket: WebSocket, peer: Peer| async move {
            socket.send(format!("{:?}", peer.transport()).as_str()).await?;
            Ok(())
        })
        .unwrap();
    let site = Router::new().route_service("/chat", upgrade);
    let request = String::from_utf8(requests::RFC6455.to_vec()).unwrap();
    let request = request.replace("GET /chat", "GET https://example.com/chat");
    let mut client = visit(&site);
    client.send(request.as_bytes()).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    client.expect(text("Plain")).await;
}

/// Accepts one pipe, for `axum::serve`.
struct Once(Option<DuplexStream>);

impl axum::serve::Listener for Once {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.take() {
            Some(pipe) => (pipe, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_site_goes_down_in_time_though_a_handler_keeps_its_websocket_over_http_2() {
    let upgrade = Server::builder()
        .upgrade_messages(|socket: WebSocket, _| async move {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            drop(socket);
            Ok(())
        })
        .unwrap();
    let connections = upgrade.connections();
    let site = Router::new().route_service("/chat", upgrade);
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (down, signal) = tokio::sync::oneshot::channel::<()>();
    let closing = connections.clone();
    let serving = tokio::spawn(async move {
        let signal = async move {
            drop(signal.await);
            tokio::spawn(async move { closing.shutdown(Duration::from_secs(5)).await });
        };
        axum::serve(Once(Some(near)), site).with_graceful_shutdown(signal).await
    });
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(far))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = http::Request::connect("http://example.com/chat")
        .header("sec-websocket-version", "13")
        .extension(hyper::ext::Protocol::from_static("websocket"))
        .body(http_body_util::Empty::<hyper::body::Bytes>::new())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let _stream = hyper::upgrade::on(response).await.unwrap();
    let begun = tokio::time::Instant::now();
    drop(down);
    serving.await.unwrap().unwrap();
    connections.shutdown(Duration::from_secs(5)).await;
    assert!(begun.elapsed().as_secs() <= 6, "{:?}", begun.elapsed());
}
