//! How decisions of the application end without an answer of its own: when the client leaves, in
//! time, in panics, and in a shutdown.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use ws_server::{Accept, OpeningRequest, Origins, Rejection, Server, Timeouts};
use ws_tests::requests;

use crate::decisions::{DRAFTS, head, ways};
use crate::mount::visit;
use crate::serve_until_stopped;

/// Drops the other end of a channel when it is dropped.
struct Ended(#[expect(dead_code, reason = "only dropped")] oneshot::Sender<()>);

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_the_decision() {
    let (sender, mut decisions) = mpsc::unbounded_channel();
    let decide = move |request: OpeningRequest| {
        let (held, ended) = oneshot::channel();
        sender.send(ended).unwrap();
        async move {
            let _held = (request, Ended(held));
            pending().await
        }
    };
    for (way, connect) in ways(Server::builder, decide) {
        for request in DRAFTS {
            let mut client = connect();
            client.send(request).await;
            let ended = decisions.recv().await.unwrap();
            let left = Instant::now();
            drop(client);
            assert!(ended.await.is_err());
            assert_eq!(left.elapsed(), Duration::ZERO, "{way}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_past_the_opening_deadline_is_answered_with_504() {
    let decide = |request: OpeningRequest| async move {
        tokio::time::sleep_until(request.deadline() + Duration::from_millis(1)).await;
        Ok(request.accept(|_socket, _peer| async {}))
    };
    let builder =
        || Server::builder().timeouts(Timeouts::default().with_opening(Duration::from_secs(3)));
    for (way, connect) in ways(builder, decide) {
        for request in DRAFTS {
            let (mut client, begun) = (connect(), Instant::now());
            client.send(request).await;
            let head = head(&mut client).await;
            assert!(head.starts_with("http/1.1 504 gateway timeout\r\n"), "{way}: {head}");
            assert_eq!(begun.elapsed().as_secs(), 3, "{way}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_panics_is_answered_with_500_and_the_next_is_asked() {
    let decide = |request: OpeningRequest| {
        assert_ne!(request.query(), Some("x=1"), "panics before there is a future");
        async move {
            assert_ne!(request.draft().as_str(), "hybi08", "panics in the future");
            Ok(request.accept(|_socket, _peer| async {}))
        }
    };
    for (way, connect) in ways(Server::builder, decide) {
        let statuses = [(requests::RFC6455, 500), (requests::HYBI08, 500), (requests::HYBI07, 101)];
        for (request, status) in statuses {
            let mut client = connect();
            client.send(request).await;
            let head = head(&mut client).await;
            assert!(head.starts_with(&format!("http/1.1 {status} ")), "{way}: {head}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_sent_is_answered_with_500() {
    type Answer = fn(OpeningRequest) -> Result<Accept, Rejection>;
    fn accept(request: OpeningRequest) -> Accept {
        request.accept(|_socket, _peer| async {})
    }
    let answers: [Answer; 9] = [
        |request| Ok(accept(request).with_field("Set Cookie", "a")),
        |request| Ok(accept(request).with_field("Set-Cookie", "a\r\nEvil: 1")),
        |request| Ok(accept(request).with_field("Set-Cookie", "a\u{1}")),
        |request| Ok(accept(request).with_field("connection", "close")),
        |request| Ok(accept(request).with_field("Sec-WebSocket-Protocol", "a")),
        |request| Ok(accept(request).with_subprotocol("not offered")),
        |_request| Err(Rejection::bad_request("no").with_field("X", "a\nb")),
        |_request| Err(Rejection::bad_request("no").with_field("content-length", "7")),
        |_request| Err(Rejection::bad_request("no").with_body("text/html\r\nEvil: 1", "x")),
    ];
    let next = Arc::new(Mutex::new(0));
    let decide = move |request| {
        let mut next = next.lock().unwrap();
        *next += 1;
        std::future::ready(answers[(*next - 1) % answers.len()](request))
    };
    for (way, connect) in ways(Server::builder, decide) {
        for number in 0..answers.len() {
            let mut client = connect();
            client.send(requests::RFC6455).await;
            let head = head(&mut client).await;
            assert!(head.starts_with("http/1.1 500 "), "{way}, {number}: {head}");
            assert!(!head.contains("evil"), "{way}, {number}: {head}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_refused_anyway_are_not_decided_on() {
    let decide = |_request: OpeningRequest| async { panic!("asked for a decision") };
    let builder = || Server::builder().origins(Origins::These(Vec::new())).path("/chat");
    for (way, connect) in ways(builder, decide) {
        let other_version = String::from_utf8_lossy(requests::RFC6455).replace("13\r", "99\r");
        let cases = [
            (requests::RFC6455.to_vec(), 403),
            (requests::HIXIE76.to_vec(), 404),
            (other_version.into_bytes(), 426),
        ];
        for (request, status) in cases {
            let mut client = connect();
            client.send(&request).await;
            let head = head(&mut client).await;
            assert!(head.starts_with(&format!("http/1.1 {status} ")), "{way}: {head}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_decisions_with_503() {
    let decide = |_request: OpeningRequest| pending::<Result<Accept, Rejection>>();
    let (port, stop, served) = serve_until_stopped(Server::builder().open(decide).unwrap());
    let mut client = port.connect();
    client.send(requests::RFC6455).await;
    assert!(client.hears_nothing_for(Duration::from_secs(1)).await);
    stop.send(()).unwrap();
    assert!(head(&mut client).await.starts_with("http/1.1 503 "));
    served.await.unwrap();

    let upgrade = Server::builder().open_upgrade(decide).unwrap();
    let open = upgrade.connections();
    let mut client = visit(&Router::new().fallback_service(upgrade));
    client.send(requests::RFC6455).await;
    assert!(client.hears_nothing_for(Duration::from_secs(1)).await);
    open.close();
    assert!(head(&mut client).await.starts_with("http/1.1 503 "));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_being_decided_on_has_its_place_among_all() {
    let decide = |_request: OpeningRequest| pending::<Result<Accept, Rejection>>();
    let upgrade = Server::builder().max_connections(1).open_upgrade(decide).unwrap();
    let site = Router::new().fallback_service(upgrade);
    let mut first = visit(&site);
    first.send(requests::RFC6455).await;
    assert!(first.hears_nothing_for(Duration::from_secs(1)).await);
    let mut second = visit(&site);
    second.send(requests::RFC6455).await;
    assert!(head(&mut second).await.starts_with("http/1.1 503 "));
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut third = visit(&site);
    third.send(requests::RFC6455).await;
    assert!(third.hears_nothing_for(Duration::from_secs(1)).await);
}
