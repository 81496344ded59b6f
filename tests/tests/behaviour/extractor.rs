//! A handler of axum that sees the request before the connection opens.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use ws_server::WebSocketUpgradeRejection;
use ws_server::{ByteStream, Connections, Origins, StatusCode, WebSocket, WebSocketUpgrade};
use ws_tests::frames::{close, text};
use ws_tests::requests::{self, with_field};

use crate::mount::visit;

async fn talk(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.feed(&message).await.is_err() {
            return;
        }
    }
}

fn site(connections: &Connections) -> Router {
    async fn chat(upgrade: WebSocketUpgrade, State(open): State<Connections>) -> Response {
        let greeting = format!(
            "{} {:?} {:?}",
            upgrade.draft(),
            upgrade.offered_protocols(),
            upgrade.headers().get("cookie").map(|cookie| cookie.to_str().unwrap()),
        );
        upgrade.protocols(["b", "a"]).connections(&open).on_upgrade(|mut socket| async move {
            socket.send(greeting.as_str()).await.unwrap();
            talk(socket).await;
        })
    }
    async fn demo(upgrade: WebSocketUpgrade) -> Response {
        upgrade.origins(Origins::Any).on_upgrade_stream(|mut stream: ByteStream| async move {
            let (mut reader, mut writer) = tokio::io::split(&mut stream);
            drop(tokio::io::copy(&mut reader, &mut writer).await);
        })
    }
    async fn guarded(upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Response {
        match upgrade {
            Ok(upgrade) if upgrade.headers().contains_key("authorization") => {
                upgrade.on_upgrade(talk)
            }
            Ok(_) => http::StatusCode::UNAUTHORIZED.into_response(),
            Err(rejection) if rejection.status() == StatusCode::UPGRADE_REQUIRED => {
                "a page".into_response()
            }
            Err(rejection) => rejection.into_response(),
        }
    }
    Router::new()
        .route("/chat", any(chat))
        .route("/demo", any(demo))
        .route("/guarded", any(guarded))
        .with_state(connections.clone())
}

#[tokio::test(start_paused = true)]
async fn a_handler_knows_the_request_and_picks_the_subprotocol() {
    let connections = Connections::new();
    let mut client = visit(&site(&connections));
    let request = with_field(requests::RFC6455, "Sec-WebSocket-Protocol: x, a, b\r\nCookie: c");
    client.send(&request).await;
    let head = client.head().await;
    assert!(head.contains("\r\nsec-websocket-protocol: a\r\n"), "{head}");
    let greeting = br#"rfc6455 ["x", "a", "b"] Some("c")"#;
    client.expect(text(greeting)).await;
    assert_eq!(connections.count(), 1);
    client.send(text("hi")).await;
    client.expect(text("hi")).await;
    connections.close();
    client.expect(close(1001)).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_gets_a_stream_of_bytes_in_every_draft() {
    let mut client = visit(&site(&Connections::new()));
    client.send(&[requests::HIXIE76, requests::HIXIE76_KEY3].concat()).await;
    client.head().await;
    client.expect(requests::HIXIE76_ANSWER).await;
    client.send(b"\0hi\xff").await;
    client.expect(b"\0hi\xff").await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_decides_and_rejections_have_their_status() {
    let guarded = |field: &str| {
        let request = String::from_utf8(with_field(requests::RFC6455, field)).unwrap();
        request.replace("/chat", "/guarded").into_bytes()
    };
    let chat = |from: &str, to: &str| {
        String::from_utf8(requests::RFC6455.to_vec()).unwrap().replace(from, to).into_bytes()
    };
    let cases = [
        (guarded("Authorization: x"), "101"),
        (guarded("X: x"), "401"),
        (b"GET /guarded HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), "200"),
        (b"GET /chat HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), "426"),
        (chat("http://example.com", "http://evil.example"), "403"),
        (chat("Version: 13", "Version: 9"), "426"),
        (chat("GET", "DELETE"), "405"),
        (with_field(requests::HIXIE76, "Content-Length: 8"), "400"),
    ];
    for (request, status) in cases {
        let mut client = visit(&site(&Connections::new()));
        client.send(&request).await;
        let head = client.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {head}");
    }
}
