//! Decisions of the application, before a request is answered.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use http::StatusCode as HttpStatus;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use ws_server::{
    Accept, Builder, ByteStream, OpeningRequest, Peer, Rejection, Server, StatusCode, Timeouts,
    WebSocket,
};
use ws_tests::frames::{close, text};
use ws_tests::requests::{self, with_field};
use ws_tests::{Client, PEER};

use crate::http2;
use crate::mount::visit;
use crate::{copy, serve};

/// A server that decides, reached in one of several ways.
pub(crate) type Way = (&'static str, Box<dyn Fn() -> Client>);

const HYBI: [&[u8]; 3] = [requests::HYBI07, requests::HYBI08, requests::RFC6455];
pub(crate) const DRAFTS: [&[u8]; 4] =
    [requests::HYBI07, requests::HYBI08, requests::RFC6455, requests::HIXIE76];

/// A port of its own, and a service on a site.
pub(crate) fn ways<D, F>(builder: impl Fn() -> Builder, decide: D) -> [Way; 2]
where
    D: Fn(OpeningRequest) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Accept, Rejection>> + Send + 'static,
{
    let port = serve(builder().open(decide.clone()).unwrap()).0;
    let site = Router::new().fallback_service(builder().open_upgrade(decide).unwrap());
    [
        ("a port of its own", Box::new(move || port.connect())),
        ("mounted", Box::new(move || visit(&site))),
    ]
}

/// Greets a user, which the decision has found.
async fn greet(mut socket: WebSocket, peer: Peer, user: String) -> io::Result<()> {
    let subprotocol = peer.subprotocol().unwrap_or("none");
    socket.send(format!("{user}, {subprotocol}")).await?;
    Ok(())
}

/// The fields of a head, in small letters, and the status line.
pub(crate) async fn head(client: &mut Client) -> String {
    client.head().await.to_ascii_lowercase()
}

#[tokio::test(start_paused = true)]
async fn an_accepted_request_hands_what_the_decision_holds_to_its_service() {
    async fn decide(request: OpeningRequest) -> Result<Accept, Rejection> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let user = format!("user of {}", request.path());
        let accept = request.accept(|socket, peer| greet(socket, peer, user));
        Ok(accept.with_field("Set-Cookie", "a=1").with_field("Set-Cookie", "b=2"))
    }
    for (way, connect) in ways(Server::builder, decide) {
        for request in HYBI {
            let mut client = connect();
            client.send(request).await;
            let head = head(&mut client).await;
            assert!(head.starts_with("http/1.1 101 "), "{way}: {head}");
            assert!(head.contains("\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"), "{way}: {head}");
            client.expect(text("user of /chat, none")).await;
            client.expect_close(1000).await;
        }
        let mut client = connect();
        client.send(&[requests::HIXIE76, requests::HIXIE76_KEY3].concat()).await;
        let head = head(&mut client).await;
        assert!(head.contains("\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"), "{way}: {head}");
        client.expect(requests::HIXIE76_ANSWER).await;
        client.expect(&b"\0user of /demo, none\xff"[..]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_selects_a_subprotocol_or_the_builder_does() {
    async fn decide(request: OpeningRequest) -> Result<Accept, Rejection> {
        assert_eq!(request.offered_subprotocols(), ["a", "b", "c"]);
        let own = request.query() == Some("x=1");
        let accept = request.accept(|socket, peer| greet(socket, peer, "you".to_owned()));
        Ok(if own { accept.with_subprotocol("c") } else { accept })
    }
    for (way, connect) in ways(|| Server::builder().subprotocols(["b"]), decide) {
        for (request, selected) in [(requests::RFC6455, "c"), (requests::HYBI08, "b")] {
            let mut client = connect();
            client.send(&with_field(request, "Sec-WebSocket-Protocol: a, b, c")).await;
            let head = head(&mut client).await;
            let field = format!("\r\nsec-websocket-protocol: {selected}\r\n");
            assert!(head.contains(&field), "{way}: {head}");
            client.expect(text(format!("you, {selected}"))).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_decision_opens_messages_for_some_and_bytes_for_others() {
    async fn decide(request: OpeningRequest) -> Result<Accept, Rejection> {
        Ok(match request.path() {
            "/demo" => request.accept_stream(|stream: ByteStream, _peer| copy(stream)),
            _ => request.accept(|socket, peer| greet(socket, peer, "you".to_owned())),
        })
    }
    for (_way, connect) in ways(Server::builder, decide) {
        let mut client = connect();
        client.send(&with_field(requests::RFC6455, "Sec-WebSocket-Protocol: binary")).await;
        assert!(!head(&mut client).await.contains("protocol: binary"));
        client.expect(text("you, none")).await;
        let mut client = connect();
        let offering = with_field(requests::HIXIE76, "Sec-WebSocket-Protocol: base64");
        client.send(&[&offering, requests::HIXIE76_KEY3].concat()).await;
        assert!(head(&mut client).await.contains("\r\nsec-websocket-protocol: base64\r\n"));
        client.expect(requests::HIXIE76_ANSWER).await;
        client.send(&b"\0YWJj\xff"[..]).await;
        client.expect(&b"\0YWJj\xff"[..]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejection_has_any_status_fields_and_body_in_every_draft() {
    async fn decide(request: OpeningRequest) -> Result<Accept, Rejection> {
        drop(request);
        Err(Rejection::new(StatusCode::new(418).unwrap(), "not for you")
            .with_field("Retry-After", "7")
            .with_body("application/json", "{}"))
    }
    for (way, connect) in ways(Server::builder, decide) {
        for request in DRAFTS {
            let mut client = connect();
            client.send(request).await;
            let head = head(&mut client).await;
            assert!(head.starts_with("http/1.1 418 "), "{way}: {head}");
            for field in ["retry-after: 7", "content-type: application/json", "content-length: 2"] {
                assert!(head.contains(&format!("\r\n{field}\r\n")), "{way}, {field}: {head}");
            }
            client.expect(&b"{}"[..]).await;
            assert!(client.is_hung_up().await, "{way}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_sees_the_request_as_its_service_does() {
    let decide = |request: OpeningRequest| async {
        assert_eq!(request.draft().as_str(), "rfc6455");
        assert_eq!(request.origin(), Some("http://example.com"));
        assert_eq!((request.path(), request.query()), ("/chat", Some("x=1")));
        assert_eq!(request.head().fields().single("Host"), Ok(Some(&b"example.com"[..])));
        assert_eq!(request.deadline() - Instant::now(), Timeouts::default().opening);
        let remote = request.remote().to_string();
        Ok(request.accept(move |mut socket, _peer| async move { socket.send(remote).await }))
    };
    for ((_way, connect), remote) in
        ways(Server::builder, decide).into_iter().zip([PEER.to_string(), "unknown".to_owned()])
    {
        let mut client = connect();
        client.send(requests::RFC6455).await;
        assert!(head(&mut client).await.starts_with("http/1.1 101 "));
        client.expect(text(remote)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_and_no_challenge_is_waited_for_before_the_decision() {
    let (sender, mut decisions) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
    let decide = move |request: OpeningRequest| {
        let (decision, decided) = oneshot::channel();
        sender.send(decision).unwrap();
        async move {
            decided.await.unwrap();
            Ok(request.accept(|socket, peer| greet(socket, peer, "you".to_owned())))
        }
    };
    for (way, connect) in ways(Server::builder, decide) {
        // With and without the eight bytes: a proxy holds them back until it has seen the head.
        for early in [true, false] {
            let mut client = connect();
            client.send(requests::HIXIE76).await;
            let decision = decisions.recv().await.unwrap();
            if early {
                client.send(requests::HIXIE76_KEY3).await;
            }
            assert!(client.hears_nothing_for(Duration::from_secs(5)).await, "{way}, {early}");
            decision.send(()).unwrap();
            assert!(head(&mut client).await.starts_with("http/1.1 101 websocket protocol "));
            if !early {
                client.send(requests::HIXIE76_KEY3).await;
            }
            client.expect(requests::HIXIE76_ANSWER).await;
            client.expect(&b"\0you, none\xff"[..]).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn frames_that_came_before_the_decision_are_received_after_it() {
    let decide = |request: OpeningRequest| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(request.accept(|socket, _peer| crate::echo(socket)))
    };
    for (_way, connect) in ways(Server::builder, decide) {
        let mut client = connect();
        client.send(requests::RFC6455).await;
        assert!(client.hears_nothing_for(Duration::from_millis(500)).await);
        // More than is read before the decision.
        for number in 0..100 {
            client.send(text(format!("early message {number}"))).await;
        }
        assert!(head(&mut client).await.starts_with("http/1.1 101 "));
        for number in 0..100 {
            client.expect(text(format!("early message {number}"))).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn streams_of_http2_are_decided_on() {
    async fn decide(request: OpeningRequest) -> Result<Accept, Rejection> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if request.path() == "/closed" {
            return Err(Rejection::new(StatusCode::UNAUTHORIZED, "no token")
                .with_field("WWW-Authenticate", "Bearer"));
        }
        let accept = request.accept(|socket, peer| greet(socket, peer, "you".to_owned()));
        Ok(accept.with_field("Set-Cookie", "a=1"))
    }
    let port = serve(Server::builder().open(decide).unwrap()).0;
    let mut client = http2::visit(&port).await;
    client.expect(text("you, none")).await;
    client.expect(close(1000)).await;
    let (status, fields) = http2::refused_at(&port, "http://example.com/closed").await;
    assert_eq!(status, HttpStatus::UNAUTHORIZED);
    assert_eq!(fields.get("www-authenticate").unwrap(), "Bearer");
}
