//! Settings that can match nothing, and what a client offers that nothing matches.

use axum::Router;
use tracing::Level;
use ws_server::{BuildError, Builder, Limits, Origins, Server, WebSocket};
use ws_tests::requests::{self, with_field};

use crate::log::Log;
use crate::mount::visit;
use crate::{echo, echo_messages};

/// The errors of a server with a port of its own, and of one on a site.
fn errors(builder: Builder) -> [Option<BuildError>; 2] {
    let handler = |socket: WebSocket, _| echo(socket);
    let port = builder.clone().messages(handler).err();
    [port, builder.upgrade_messages(handler).err()]
}

#[test]
fn a_setting_that_can_match_nothing_is_refused_when_a_server_is_built() {
    let origins = |origin: &str| Origins::These(vec![origin.to_owned()]);
    let cases = [
        (Server::builder().origins(origins("*")), "the origin \"*\" can match no page"),
        (Server::builder().origins(origins("a.example")), "scheme://host"),
        (Server::builder().origins(origins("https://a.example/app")), "https://a.example/app"),
        (Server::builder().path("chat"), "must begin with a slash"),
        (Server::builder().path("/a b"), "neither spaces nor a query"),
        (Server::builder().path("/a?b"), "neither spaces nor a query"),
        (Server::builder().subprotocols(["chat/1.0"]), "\"chat/1.0\" can match no offer"),
        (Server::builder().subprotocols(["mqtt", ""]), "\"\" can match no offer"),
        (Server::builder().limits(Limits::default().with_message(0)), "a message is 0"),
        (Server::builder().limits(Limits::default().with_frame(0)), "a frame is 0"),
    ];
    for (builder, words) in cases {
        for error in errors(builder) {
            let error = error.unwrap().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }
    let builder = Server::builder()
        .origins(Origins::These(vec!["https://a.example:8443".to_owned(), "null".to_owned()]))
        .path("/chat/%20")
        .subprotocols(["v1.chat.example"])
        .limits(Limits::default().with_message(1).with_frame(1));
    assert_eq!(errors(builder), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_subprotocol_that_nobody_named_is_logged_with_the_setting_that_helps() {
    let log = Log::default();
    let _logged = log.begin_at(Level::INFO);
    let builder = || Server::builder().subprotocols(["stomp"]);
    let port = echo_messages(builder());
    let site = builder().upgrade_messages(|socket, _| echo(socket)).unwrap();
    let site = Router::new().fallback_service(site);
    for mut client in [port.connect(), visit(&site)] {
        let before = log.text().len();
        client.send(&with_field(requests::RFC6455, "Sec-WebSocket-Protocol: mqtt, amqp")).await;
        assert!(!client.head().await.to_lowercase().contains("sec-websocket-protocol"));
        let said = log.text().split_off(before);
        for word in
            ["INFO", "offered=\"mqtt, amqp\"", "--subprotocol NAME", "Builder::subprotocols"]
        {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
    let before = log.text().len();
    for field in ["Sec-WebSocket-Protocol: mqtt, stomp", "X: y"] {
        let mut client = port.connect();
        client.send(&with_field(requests::RFC6455, field)).await;
        assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    }
    assert_eq!(log.text().split_off(before), "");
    let any = echo_messages(builder().any_subprotocol());
    let mut client = any.connect();
    client.send(&with_field(requests::RFC6455, "Sec-WebSocket-Protocol: mqtt, stomp")).await;
    assert!(client.head().await.contains("\r\nSec-WebSocket-Protocol: mqtt\r\n"));
    assert_eq!(log.text().split_off(before), "");
    // What a client says is cut.
    let long = (0..500).map(|number| format!("name{number}")).collect::<Vec<_>>().join(",");
    let mut client = port.connect();
    client.send(&with_field(requests::RFC6455, &format!("Sec-WebSocket-Protocol: {long}"))).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    let said = log.text().split_off(before);
    assert!(said.len() < 500, "{said}");
}
