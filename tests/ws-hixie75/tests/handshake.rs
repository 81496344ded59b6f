//! The opening handshake, byte for byte.

#![allow(clippy::expect_used, reason = "the helpers are part of the tests")]

use ws_core::head::{HeadReader, RequestHead};
use ws_core::{Detection, Draft, Drafts, Grant, Rejection, StatusCode, Transport};
use ws_hixie75::HIXIE75;

/// What WebKit compares byte for byte.
const LITERAL: &str = "HTTP/1.1 101 Web Socket Protocol Handshake\r\n\
                       Upgrade: WebSocket\r\nConnection: Upgrade\r\n";

const HOST: &str = "Host: example.com\r\n";
const ORIGIN: &str = "Origin: http://example.com\r\n";

fn head(target: &str, fields: &str) -> RequestHead {
    let request = format!(
        "GET {target} HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n{fields}\r\n"
    );
    HeadReader::new().push(request.as_bytes()).expect("a head").1.expect("a whole head")
}

fn respond(head: &RequestHead, grant: &Grant<'_>) -> Result<String, Rejection> {
    let draft = Drafts::none().with(&HIXIE75, 100).expect("one draft").select(head)?;
    draft.offer(head)?;
    let mut written = Vec::new();
    draft.respond(head, grant)?.write(&mut written).expect("a clean head");
    Ok(String::from_utf8(written).expect("UTF-8"))
}

#[test]
fn begins_with_the_85_bytes_that_webkit_compares() {
    assert_eq!(LITERAL.len(), 85);
    let head = head("/demo", &[HOST, ORIGIN, "WebSocket-Protocol: my sample\r\n"].concat());
    let offer = HIXIE75.offer(&head).unwrap();
    assert_eq!(offer.origin, Some("http://example.com"));
    assert_eq!(offer.subprotocols, ["my sample"]);
    let grant = Grant::default().with_subprotocol(Some("my sample"));
    let expected = format!(
        "{LITERAL}WebSocket-Origin: http://example.com\r\n\
         WebSocket-Location: ws://example.com/demo\r\n\
         WebSocket-Protocol: my sample\r\n\r\n"
    );
    assert_eq!(respond(&head, &grant), Ok(expected));
}

#[test]
fn builds_the_location_as_the_client_does() {
    for (host, transport, expected) in [
        ("Example.com:80", Transport::Plain, "ws://example.com/a?B"),
        ("a:443", Transport::Tls, "wss://a/a?B"),
        ("[::1]:8080", Transport::Tls, "wss://[::1]:8080/a?B"),
    ] {
        let head = head("/a?B", &format!("{ORIGIN}Host: {host}\r\n"));
        let response = respond(&head, &Grant::default().with_transport(transport)).unwrap();
        let expected = format!(
            "{LITERAL}WebSocket-Origin: http://example.com\r\n\
             WebSocket-Location: {expected}\r\n\r\n"
        );
        assert_eq!(response, expected);
    }
}

#[test]
fn leaves_requests_with_the_fields_of_later_drafts_alone() {
    assert_eq!(HIXIE75.detect(&head("/", &[HOST, ORIGIN].concat())), Detection::Yes);
    for fields in [
        [HOST, ""],
        [ORIGIN, ""],
        [ORIGIN, "Host: a\r\nSec-WebSocket-Key1: 1 1\r\n"],
        [ORIGIN, "Host: a\r\nSec-WebSocket-Key2: 1 1\r\n"],
        [ORIGIN, "Host: a\r\nSec-WebSocket-Key: x\r\n"],
        [ORIGIN, "Host: a\r\nSec-WebSocket-Version: 13\r\n"],
        [ORIGIN, "Host: a\r\nSec-WebSocket-Draft: 0\r\n"],
    ] {
        assert_eq!(HIXIE75.detect(&head("/", &fields.concat())), Detection::No, "{fields:?}");
    }
}

#[test]
fn refuses_what_it_cannot_answer() {
    for (target, fields, what) in [
        ("/", "Host: a\r\nContent-Length: 8\r\n", "no body"),
        ("/", "Host: a\r\nTransfer-Encoding: chunked\r\n", "no body"),
        ("/", "Host: a\r\nHost: a\r\n", "Host appears more than once"),
        ("/", "Host:\r\n", "Host is missing, empty"),
        ("*", "Host: a\r\n", "not a path"),
        ("/", "Host: a\r\nWebSocket-Protocol: \u{e4}\r\n", "WebSocket-Protocol"),
        ("/", "Host: a\r\nWebSocket-Protocol: a\r\nWebSocket-Protocol: a\r\n", "more than once"),
        ("/", "Host: a\r\nOrigin: b\r\n", "Origin appears more than once"),
    ] {
        let head = head(target, &[ORIGIN, fields].concat());
        let rejection = respond(&head, &Grant::default()).unwrap_err();
        assert_eq!(rejection.status(), StatusCode::BAD_REQUEST);
        assert!(rejection.reason().contains(what), "{rejection}");
    }
}
