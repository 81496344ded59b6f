//! The opening handshake of the HyBi family (RFC 6455 §4.2).

use super::exchange::{KEY, request, request_for, respond, respond_to};
use crate::draft::Draft;
use crate::head::{Fields, HttpVersion, RequestHead};
use crate::registry::Drafts;
use crate::status_code::StatusCode;

pub(super) fn check(draft: &'static dyn Draft) {
    answers_the_keys_of_the_specification(draft);
    echoes_one_subprotocol(draft);
    refuses_malformed_subprotocols(draft);
    judges_extensions_by_their_grammar(draft);
    wants_one_key_and_no_body(draft);
    knows_paths_and_urls(draft);
    leaves_other_versions_to_others(draft);
}

fn head(accept: &str, line: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{line}\r\n"
    )
}

fn answers_the_keys_of_the_specification(draft: &'static dyn Draft) {
    for (key, accept) in [
        ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
        ("AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM="),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="),
    ] {
        let line = format!("Sec-WebSocket-Key:  {key} ");
        assert_eq!(respond(draft, &[&line]), Ok(head(accept, "")));
    }
}

fn echoes_one_subprotocol(draft: &'static dyn Draft) {
    let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let lines = [KEY, "Sec-WebSocket-Protocol: Chat, superchat", "sec-websocket-protocol: x.y"];
    let head = head(accept, "Sec-WebSocket-Protocol: Chat\r\n");
    assert_eq!(respond(draft, &lines), Ok(head));
    let request = request(draft, &lines);
    let offer = draft.offer(&request).expect("an offer");
    assert_eq!(offer.subprotocols, ["Chat", "superchat", "x.y"], "the order of preference");
}

fn refuses_malformed_subprotocols(draft: &'static dyn Draft) {
    for list in ["a b", "a, a", "a,\u{e9}", "\"a\"", "", ",", "a/b", "a;b"] {
        let line = format!("Sec-WebSocket-Protocol: {list}");
        refused(draft, &[KEY, &line]);
    }
    refused(draft, &[KEY, "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b, a"]);
}

fn judges_extensions_by_their_grammar(draft: &'static dyn Draft) {
    for list in [
        "deflate-stream",
        "x-webkit-deflate-frame, permessage-deflate; client_max_window_bits",
        "permessage-deflate;server_max_window_bits=10;client_no_context_takeover",
        "foo ; a = b , , bar",
    ] {
        let line = format!("Sec-WebSocket-Extensions: {list}");
        let head = respond(draft, &[KEY, &line]).expect("a well-formed list");
        assert!(!head.contains("Extensions"), "an extension is accepted: {head}");
    }
    for list in ["a b", "a;", "a; =b", "a; b=", "a; b=\"c", "a; b=\"c d\"", "; a", "a, (b)"] {
        let line = format!("Sec-WebSocket-Extensions: {list}");
        refused(draft, &[KEY, &line]);
    }
}

fn wants_one_key_and_no_body(draft: &'static dyn Draft) {
    refused(draft, &[]);
    refused(draft, &["Sec-WebSocket-Key:"]);
    refused(draft, &[KEY, KEY]);
    refused(draft, &[KEY, "Content-Length: 8"]);
    refused(draft, &[KEY, "Content-Length: 0", "Content-Length: 1"]);
    refused(draft, &[KEY, "Transfer-Encoding: identity"]);
    refused(draft, &[KEY, "Host: other.example.com"]);
    refused(draft, &[KEY, "Sec-WebSocket-Version: 13"]);
    refused(draft, &[KEY, "Sec-WebSocket-Key1: 1 1"]);
    refused(draft, &[KEY, "Origin: http://a", "Origin: http://b"]);
    assert!(respond(draft, &[KEY, "Content-Length: 0"]).is_ok(), "an empty body is accepted");
    assert!(respond(draft, &[KEY, "Origin: http://a", "Origin: http://a"]).is_ok());
}

fn knows_paths_and_urls(draft: &'static dyn Draft) {
    for target in ["/", "/a?b=http://c/", "http://server.example.com/a", "wss://a/"] {
        let outcome = respond_to(draft, &request_for(draft, target, &[KEY]));
        assert!(outcome.is_ok(), "{target}: {outcome:?}");
    }
    for target in ["*", "server.example.com:80", "ftp://a/", "/a#b"] {
        let outcome = respond_to(draft, &request_for(draft, target, &[KEY]));
        let rejection = outcome.expect_err("a target that is no path");
        assert_eq!(rejection.status(), StatusCode::BAD_REQUEST, "{target}");
    }
}

/// RFC 6455 §4.4: the response lists the supported versions.
fn leaves_other_versions_to_others(draft: &'static dyn Draft) {
    let drafts = Drafts::none().with(draft, 1).expect("one draft");
    let spoken = draft.version().map(|version| version.to_string());
    let rejection_of = |version: &str| {
        let mut fields = Fields::new();
        for (name, value) in request(draft, &[KEY]).fields().iter() {
            match name {
                "Sec-WebSocket-Version" => fields.push(name, version),
                _ => fields.push(name, value),
            }
        }
        let head = RequestHead::new("GET", "/chat", HttpVersion::Http11, fields);
        drafts.select(&head).expect_err("a version of another draft")
    };
    for version in ["0", "1", "6", "9", "12", "14", "255"] {
        let rejection = rejection_of(version);
        assert_eq!(rejection.status(), StatusCode::UPGRADE_REQUIRED, "{version}");
        let (response, _) = rejection.response();
        let listed = response.fields().text("Sec-WebSocket-Version");
        assert_eq!(listed, Ok(spoken.as_deref()), "{version}");
    }
    for version in ["", "07", "08", "013", "+13", "-7", "256", "7, 8", "x"] {
        let rejection = rejection_of(version);
        assert_eq!(rejection.status(), StatusCode::BAD_REQUEST, "{version}");
    }
}

fn refused(draft: &'static dyn Draft, lines: &[&str]) {
    match respond(draft, lines) {
        Ok(head) => panic!("{lines:?} is answered with {head}"),
        Err(rejection) => assert_eq!(rejection.status(), StatusCode::BAD_REQUEST, "{lines:?}"),
    }
}
