//! Pages of other origins: what they are told, and what the log says.

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use ws_server::{Builder, Origins, Server, Transport, WebSocketUpgrade};
use ws_tests::Client;
use ws_tests::requests::{self, with_field};

use crate::log::Log;
use crate::mount::visit;
use crate::{echo, echo_messages};

/// A server that refuses and says why, reached in one of several ways.
type Way = (&'static str, Box<dyn Fn() -> Client>);

/// A port of its own, and a service on a site.
fn built(builder: impl Fn() -> Builder) -> [Way; 2] {
    let port = echo_messages(builder());
    let upgrade = builder().upgrade_messages(|socket, _| echo(socket)).unwrap();
    let site = Router::new().fallback_service(upgrade);
    [
        ("a port of its own", Box::new(move || port.connect())),
        ("mounted", Box::new(move || visit(&site))),
    ]
}

fn extractor() -> Way {
    async fn chat(upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(|_socket| async {})
    }
    let site = Router::new().fallback(any(chat));
    ("an extractor", Box::new(move || visit(&site)))
}

fn from(request: &[u8], origin: &str) -> Vec<u8> {
    let request = String::from_utf8(request.to_vec()).unwrap();
    request.replace("Origin: http://example.com", &format!("Origin: {origin}")).into_bytes()
}

/// The reason with which a page is refused.
async fn reason(mut client: Client, request: &[u8]) -> String {
    client.send(request).await;
    let answer = String::from_utf8(client.rest().await).unwrap();
    let (head, reason) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{head}");
    reason.to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_refused_page_is_told_what_differs_and_which_setting_helps() {
    let tls = ["--behind-tls", "Builder::transport(Transport::Tls)", "X-Forwarded-Proto"];
    let cases = [
        ("https://example.com", "only the scheme differs", &tls[..], &["--origin"][..]),
        (
            "http://example.com:8080",
            "only the port differs",
            &["must pass on the Host field", "--origin ORIGIN", "Builder::origins"],
            &["--behind-tls"],
        ),
        (
            "http://evil.example",
            "allow the origin",
            &["--origin ORIGIN", "Builder::origins", "WebSocketUpgrade::origins"],
            &["--behind-tls", "differs"],
        ),
        ("null", "allow the origin", &["--origin ORIGIN"], &["--behind-tls", "differs"]),
    ];
    let drafts = [requests::RFC6455, requests::HYBI08, requests::HYBI07, requests::HIXIE76];
    for (way, connect) in built(Server::builder).into_iter().chain([extractor()]) {
        for (origin, difference, told, not_told) in cases {
            for draft in drafts {
                let reason = reason(connect(), &from(draft, origin)).await;
                let seen = format!("the origin {origin:?} is not allowed");
                let expected = "this server's own is \"http://example.com\", by the scheme and";
                for word in [&*seen, expected, difference].iter().chain(told) {
                    assert!(reason.contains(word), "{way}, {word}: {reason}");
                }
                for word in not_told {
                    assert!(!reason.contains(word), "{way}, {word}: {reason}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_settings_that_are_named_let_the_page_in() {
    let behind_tls = || Server::builder().transport(Transport::Tls);
    let listed = || {
        let origins = ["http://example.com:8080", "http://evil.example", "null"];
        Server::builder().origins(Origins::These(origins.map(str::to_owned).into()))
    };
    let told = |client: Client, origin: &'static str| async move {
        let mut client = client;
        client.send(&from(requests::RFC6455, origin)).await;
        client.head().await
    };
    for (way, connect) in built(behind_tls) {
        let head = told(connect(), "https://example.com").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{way}: {head}");
        let reason = reason(connect(), requests::RFC6455).await;
        assert!(reason.contains("this server's own is \"https://example.com\""), "{way}: {reason}");
        assert!(reason.contains("allow the origin"), "{way}: {reason}");
    }
    for (way, connect) in built(listed) {
        for origin in ["http://example.com:8080", "http://evil.example", "null"] {
            let head = told(connect(), origin).await;
            assert!(head.starts_with("HTTP/1.1 101 "), "{way}, {origin}: {head}");
        }
        let reason = reason(connect(), requests::RFC6455).await;
        assert!(reason.contains("not in this server's list of allowed origins"), "{way}: {reason}");
        assert!(reason.contains("--origin ORIGIN, Builder::origins"), "{way}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_fields_that_differ_the_one_of_the_draft_decides() {
    let own = "http://example.com";
    let any = || Server::builder().origins(Origins::Any);
    let status = |mut client: Client, request: Vec<u8>| async move {
        client.send(&request).await;
        client.head().await.get(9..12).map(str::to_owned)
    };
    for draft in [requests::HYBI07, requests::HYBI08] {
        // The draft's field has the origin of the page, and `Origin` is without a scheme.
        let right = with_field(draft, "Origin: example.com");
        let wrong = with_field(&from(draft, "http://evil.example"), &format!("Origin: {own}"));
        for (way, connect) in built(Server::builder) {
            assert_eq!(status(connect(), right.clone()).await.as_deref(), Some("101"), "{way}");
            assert_eq!(status(connect(), wrong.clone()).await.as_deref(), Some("403"), "{way}");
        }
        for (way, connect) in built(any) {
            for request in [&right, &wrong] {
                let status = status(connect(), request.clone()).await;
                assert_eq!(status.as_deref(), Some("101"), "{way}");
            }
        }
    }
    // RFC 6455 has no such field.
    let right = with_field(requests::RFC6455, "Sec-WebSocket-Origin: http://evil.example");
    for (way, connect) in built(Server::builder) {
        assert_eq!(status(connect(), right.clone()).await.as_deref(), Some("101"), "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reason_is_one_short_line_whatever_the_origin_and_the_host_are() {
    let odd = "a\" is allowed\t\u{85}\u{2028}\u{202e}\\";
    let long = "\u{2028}".repeat(2000);
    for (way, connect) in built(Server::builder).into_iter().chain([extractor()]) {
        for host in [odd, &long] {
            let request = from(requests::RFC6455, &format!("http://{host}"));
            let request = String::from_utf8(request).unwrap();
            let request = request.replace("Host: example.com", &format!("Host: other{host}"));
            let reason = reason(connect(), request.as_bytes()).await;
            let line = reason.strip_suffix('\n').unwrap();
            let plain = |char: char| char.is_ascii_graphic() || char == ' ';
            assert!(line.chars().all(plain), "{way}: {reason:?}");
            assert!(line.len() < 3500, "{way}: {} bytes", line.len());
            assert!(!line.contains("a\" is allowed"), "{way}: {reason:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_cause_is_logged_as_a_warning_once() {
    let log = Log::default();
    let _logged = log.begin();
    let warnings = || log.text().matches("WARN").count();
    let causes = ["https://example.com", "http://example.com:8080", "http://evil.example"];
    for (way, connect) in built(Server::builder) {
        for origin in causes {
            let before = warnings();
            for draft in [requests::RFC6455, requests::HYBI08, requests::HIXIE76] {
                let reason = reason(connect(), &from(draft, origin)).await;
                assert_eq!(warnings(), before + 1, "{way}, {origin}: {}", log.text());
                assert!(log.text().contains(reason.trim_end()), "{way}, {origin}: {}", log.text());
            }
        }
        // Another host is not another cause.
        let before = warnings();
        reason(connect(), &from(requests::RFC6455, "http://other.example")).await;
        assert_eq!(warnings(), before, "{way}");
    }
    let listed = || Server::builder().origins(Origins::These(Vec::new()));
    for (_, connect) in built(listed) {
        let before = warnings();
        for origin in causes {
            reason(connect(), &from(requests::RFC6455, origin)).await;
            assert_eq!(warnings(), before + 1);
        }
    }
    let refusals = log.text().lines().filter(|line| line.contains("INFO")).count();
    assert_eq!(refusals, 2 * (3 * 3 + 1) + 2 * 3, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn extractors_warn_of_a_cause_once_together() {
    let log = Log::default();
    let _logged = log.begin();
    // In no other test an extractor has a list of origins.
    async fn chat(upgrade: WebSocketUpgrade) -> Response {
        upgrade.origins(Origins::These(Vec::new())).on_upgrade(|_socket| async {})
    }
    for _ in 0..2 {
        let site = Router::new().fallback(any(chat));
        let reason = reason(visit(&site), requests::RFC6455).await;
        assert!(reason.contains("list of allowed origins"), "{reason}");
        assert_eq!(log.text().matches("WARN").count(), 1, "{}", log.text());
    }
}
