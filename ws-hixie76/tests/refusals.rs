//! Requests that are refused with a 400 response, each with a reason.

#![allow(clippy::expect_used, reason = "the helpers are part of the tests")]

use ws_core::head::{Fields, HeadReader, HttpVersion, RequestHead};
use ws_core::{Detection, Draft, Drafts, StatusCode};
use ws_hixie76::HIXIE76;

const KEY1: &str = "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n";
const KEY2: &str = "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n";
const HOST: &str = "Host: a\r\n";

fn head(target: &str, fields: &[&[u8]]) -> RequestHead {
    let start = format!("GET {target} HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n");
    let request = [start.as_bytes(), &fields.concat(), b"\r\n"].concat();
    HeadReader::new().push(&request).expect("a head").1.expect("a whole head")
}

/// The reason in the 400 response to a request.
fn refusal(target: &str, fields: &[&[u8]]) -> String {
    let head = head(target, fields);
    let drafts = Drafts::none().with(&HIXIE76, 40).expect("one draft");
    let outcome = drafts.select(&head).and_then(|draft| draft.offer(&head));
    let rejection = outcome.expect_err("a refusal");
    assert_eq!(rejection.status(), StatusCode::BAD_REQUEST);
    rejection.reason().to_owned()
}

fn refusal_of(fields: &[&str]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
    refusal("/", &fields)
}

#[test]
fn leaves_a_request_without_keys_to_other_drafts() {
    assert_eq!(HIXIE76.detect(&head("/", &[HOST.as_bytes()])), Detection::No);
}

#[test]
fn refuses_a_request_with_only_one_key() {
    assert!(refusal_of(&[HOST, KEY1]).contains("lacks a Sec-WebSocket-Key2"));
    assert!(refusal_of(&[HOST, KEY2]).contains("lacks a Sec-WebSocket-Key1"));
    assert!(refusal_of(&[HOST, KEY1, KEY1]).contains("lacks a Sec-WebSocket-Key2"));
}

#[test]
fn refuses_a_repeated_key() {
    assert!(refusal_of(&[HOST, KEY1, KEY1, KEY2]).contains("once each"));
    assert!(refusal_of(&[HOST, KEY1, KEY2, KEY2]).contains("once each"));
}

#[test]
fn says_what_is_wrong_with_a_key() {
    for (value, what) in [
        ("4@146546xW%0l15", "no spaces"),
        ("4 @1  46546xW%0l 1 6", "does not divide"),
        ("4294967296 x", "over 2^32 - 1"),
        ("no digits", "no digits"),
    ] {
        let reason = refusal_of(&[HOST, KEY1, &format!("Sec-WebSocket-Key2: {value}\r\n")]);
        assert!(reason.starts_with("Sec-WebSocket-Key2 ") && reason.contains(what), "{reason}");
        let reason = refusal_of(&[HOST, KEY2, &format!("Sec-WebSocket-Key1: {value}\r\n")]);
        assert!(reason.starts_with("Sec-WebSocket-Key1 ") && reason.contains(what), "{reason}");
    }
}

#[test]
fn refuses_every_body_but_the_challenge() {
    for field in [
        "Content-Length: 0\r\n",
        "Content-Length: 9\r\n",
        "Content-Length: 08\r\n",
        "Content-Length: 8\r\nContent-Length: 9\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 8\r\nTransfer-Encoding: chunked\r\n",
    ] {
        assert!(refusal_of(&[HOST, KEY1, KEY2, field]).contains("body"), "{field}");
    }
}

#[test]
fn refuses_a_host_that_is_missing_repeated_or_none() {
    assert!(refusal_of(&[KEY1, KEY2]).contains("lacks a Host"));
    assert!(refusal_of(&[KEY1, KEY2, HOST, HOST]).contains("Host appears more than once"));
    for host in ["Host:\r\n", "Host: a b\r\n", "Host: \u{e4}\r\n"] {
        assert!(refusal_of(&[KEY1, KEY2, host]).contains("not a host"), "{host}");
    }
}

#[test]
fn refuses_a_target_that_is_no_path() {
    let fields = [HOST.as_bytes(), KEY1.as_bytes(), KEY2.as_bytes()];
    for target in ["*", "example.com:80"] {
        assert!(refusal(target, &fields).contains("not a path"));
    }
}

#[test]
fn refuses_an_origin_that_is_repeated_or_not_utf8() {
    let origin = "Origin: http://a\r\n";
    let reason = refusal_of(&[HOST, KEY1, KEY2, origin, origin]);
    assert!(reason.contains("Origin appears more than once"));
    let fields = [HOST.as_bytes(), KEY1.as_bytes(), KEY2.as_bytes(), b"Origin: \xe4\r\n"];
    assert!(refusal("/", &fields).contains("Origin is not UTF-8"));
}

#[test]
fn refuses_a_subprotocol_that_is_repeated_or_not_ascii() {
    let name = "Sec-WebSocket-Protocol: a\r\n";
    assert!(refusal_of(&[HOST, KEY1, KEY2, name, name]).contains("more than once"));
    for value in ["a\tb", "\u{e4}"] {
        let field = format!("Sec-WebSocket-Protocol: {value}\r\n");
        assert!(refusal_of(&[HOST, KEY1, KEY2, &field]).contains("Sec-WebSocket-Protocol"));
    }
}

#[test]
fn copies_no_line_break_into_its_answer() {
    for (target, name, value) in [
        ("/", "Origin", "http://a\r\nSet-Cookie: x"),
        ("/", "Host", "a\r\nSet-Cookie: x"),
        ("/\r\nSet-Cookie: x", "X", "y"),
        ("/", "Sec-WebSocket-Protocol", "a\0"),
    ] {
        let mut fields = Fields::new();
        fields.push("Sec-WebSocket-Key1", "4 @1  46546xW%0l 1 5");
        fields.push("Sec-WebSocket-Key2", "12998 5 Y3 1  .P00");
        if name != "Host" {
            fields.push("Host", "a");
        }
        fields.push(name, value);
        let head = RequestHead::new("GET", target, HttpVersion::Http11, fields);
        assert_eq!(HIXIE76.offer(&head).unwrap_err().status(), StatusCode::BAD_REQUEST, "{name}");
    }
}
