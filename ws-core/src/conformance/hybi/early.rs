//! What versions 7 and 8 share, and RFC 6455 does not.

use super::super::Said;
use super::{KEY, code_after, code_sent, hear, heard_close, request, respond};
use crate::draft::Draft;
use crate::frame::OpCode;
use crate::protocol_error::ProtocolError;
use crate::role::Role;
use crate::{CloseCode, hybi};

/// Checks what versions 7 and 8 have in common beyond what the whole family shares.
/// `invalid_text` is the status code that answers a text that is not UTF-8.
///
/// # Panics
/// When the draft does not conform; the message says why.
pub fn check_early(draft: &'static dyn Draft, invalid_text: u16) {
    reads_the_origin_from_its_own_field_or_else_from_the_other(draft);
    takes_any_printable_key(draft);
    refuses_quoted_parameters_of_extensions(draft);
    accepts_lengths_in_more_bytes_than_they_need(draft);
    accepts_every_status_code_that_may_be_sent(draft);
    sends_the_nearest_status_code_it_has(draft, invalid_text);
    answers_a_reason_that_is_not_utf8_with_1002(draft);
}

fn reads_the_origin_from_its_own_field_or_else_from_the_other(draft: &'static dyn Draft) {
    const ORIGIN: &str = "Origin: http://a";
    const DRAFT_ORIGIN: &str = "Sec-WebSocket-Origin: http://a";
    const OTHER: &str = "Sec-WebSocket-Origin: http://b";
    const PLAIN_OTHER: &str = "Origin: b";
    for lines in [
        &[KEY, DRAFT_ORIGIN][..],
        &[KEY, ORIGIN],
        &[KEY, ORIGIN, DRAFT_ORIGIN],
        &[KEY, PLAIN_OTHER, DRAFT_ORIGIN],
    ] {
        let head = request(draft, lines);
        let origin = draft.offer(&head).expect("a sound request").origin;
        assert_eq!(origin, Some("http://a"), "{lines:?}");
    }
    assert!(respond(draft, &[KEY, DRAFT_ORIGIN, OTHER]).is_err());
    let head = request(draft, &[KEY]);
    assert_eq!(draft.offer(&head).expect("a sound request").origin, None);
}

fn takes_any_printable_key(draft: &'static dyn Draft) {
    for key in ["AAECAwQFBgcICQoLDA0O", "x", "dGhlIHNhbXBsZSBub25jZQ"] {
        let line = format!("Sec-WebSocket-Key: {key}");
        let response = respond(draft, &[&line]).expect("a sound key");
        assert!(response.contains(&hybi::accept_value(key)), "{key}");
    }
    for line in ["Sec-WebSocket-Key: a b", "Sec-WebSocket-Key: \u{e9}", "Sec-WebSocket-Key:"] {
        assert!(respond(draft, &[line]).is_err(), "{line}");
    }
}

fn refuses_quoted_parameters_of_extensions(draft: &'static dyn Draft) {
    let line = "Sec-WebSocket-Extensions: a; b=\"c\"";
    assert!(respond(draft, &[KEY, line]).is_err());
}

fn accepts_lengths_in_more_bytes_than_they_need(draft: &'static dyn Draft) {
    for wire in [&b"\x81\xfe\x00\x05\0\0\0\0Hello"[..], b"\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0Hello"]
    {
        let heard = hear(draft, Role::Server, wire);
        assert_eq!(heard.error, None);
        assert_eq!(heard.said, [Said::new(OpCode::Text, b"Hello")]);
    }
}

fn accepts_every_status_code_that_may_be_sent(draft: &'static dyn Draft) {
    for code in (0..=5100).chain([65535]) {
        let accepted = matches!(code, 1000..=4999) && !matches!(code, 1005 | 1006 | 1015);
        let (reason, _) = heard_close(draft, &u16::to_be_bytes(code));
        assert_eq!(reason.is_ok(), accepted, "{code}");
    }
}

fn sends_the_nearest_status_code_it_has(draft: &'static dyn Draft, invalid_text: u16) {
    for (code, sent) in [
        (1007, invalid_text),
        (1008, 1002),
        (1009, 1004),
        (1010, 1002),
        (1011, 1001),
        (1012, 1001),
        (1013, 1001),
        (1014, 1001),
    ] {
        let code = CloseCode::new(code).expect("a code that may be sent");
        assert_eq!(code_sent(draft, code), sent, "{code}");
    }
    assert_eq!(code_after(draft, ProtocolError::InvalidUtf8), invalid_text);
    assert_eq!(code_after(draft, ProtocolError::MessageTooBig { limit: 1 }), 1004);
    assert_eq!(code_after(draft, ProtocolError::FrameTooBig { limit: 1 }), 1004);
}

fn answers_a_reason_that_is_not_utf8_with_1002(draft: &'static dyn Draft) {
    let (_, answer) = heard_close(draft, b"\x03\xe8\xff");
    assert_eq!((answer[0], &answer[2..4]), (0x88, &[0x03, 0xea][..]));
}
