//! RFC 6455 on the wire: what the family shares, and how the RFC differs.

use ws_core::conformance::{Said, hybi};
use ws_core::{CloseCode, Draft, OpCode, ProtocolError, Role};
use ws_rfc6455::RFC6455;

#[test]
fn shares_handshake_and_framing_with_the_family() {
    hybi::check(&RFC6455);
}

#[test]
fn reads_the_origin_only_from_the_origin_field() {
    let head =
        hybi::request(&RFC6455, &[hybi::KEY, "Sec-WebSocket-Origin: http://a", "Origin: http://b"]);
    assert_eq!(RFC6455.offer(&head).unwrap().origin, Some("http://b"));
    let head = hybi::request(&RFC6455, &[hybi::KEY, "Sec-WebSocket-Origin: http://a"]);
    assert_eq!(RFC6455.offer(&head).unwrap().origin, None);
}

#[test]
fn demands_a_key_of_sixteen_bytes() {
    for key in [
        "AAECAwQFBgcICQoLDA0O",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25j!Q==",
        "dGhlIHNhbXBsZSBub25jZWQ=",
        "dGhlIHNhbXBsZSBub25jZWQhISE=",
    ] {
        let line = format!("Sec-WebSocket-Key: {key}");
        assert!(hybi::respond(&RFC6455, &[&line]).is_err(), "{key}");
    }
}

#[test]
fn accepts_quoted_parameters_of_extensions() {
    let with = |list: &str| {
        hybi::respond(&RFC6455, &[hybi::KEY, &format!("Sec-WebSocket-Extensions: {list}")])
    };
    assert!(with("permessage-deflate; server_max_window_bits=\"10\", a; b=\"c\\d\"").is_ok());
    assert!(with("a; b=\"c, d\"").is_err());
}

#[test]
fn fails_on_reserved_opcodes() {
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        let heard = hybi::hear(&RFC6455, Role::Server, &hybi::masked(0x80 | opcode, b"x"));
        assert_eq!(heard.error, Some(ProtocolError::ReservedOpcode(opcode)));
    }
}

#[test]
fn demands_lengths_in_the_fewest_bytes() {
    for wire in [
        &b"\x81\xfe\x00\x05\0\0\0\0Hello"[..],
        b"\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0Hello",
        b"\x82\xff\0\0\0\0\0\0\xff\xff\0\0\0\0",
        b"\x89\xfe\x00\x00\0\0\0\0",
    ] {
        let heard = hybi::hear(&RFC6455, Role::Server, wire);
        assert_eq!(heard.error, Some(ProtocolError::NonMinimalLength));
    }
    let least = [&b"\x82\xfe\x00\x7e\0\0\0\0"[..], &[0; 126]].concat();
    let heard = hybi::hear(&RFC6455, Role::Server, &least);
    assert_eq!(heard.said, [Said::new(OpCode::Binary, [0; 126])]);
}

#[test]
fn accepts_the_status_codes_of_the_registry() {
    for code in (0..=5100).chain([65535]) {
        let accepted = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let (reason, _) = hybi::heard_close(&RFC6455, &u16::to_be_bytes(code));
        assert_eq!(reason.is_ok(), accepted, "{code}");
    }
}

#[test]
fn sends_status_codes_as_they_are() {
    for number in 1007..=1014 {
        let code = CloseCode::new(number).unwrap();
        assert_eq!(hybi::code_sent(&RFC6455, code), number);
    }
    let after = |error| hybi::code_after(&RFC6455, error);
    assert_eq!(after(ProtocolError::InvalidUtf8), 1007);
    assert_eq!(after(ProtocolError::MessageTooBig { limit: 1 }), 1009);
    assert_eq!(after(ProtocolError::FrameTooBig { limit: 1 }), 1009);
}

#[test]
fn answers_a_reason_that_is_not_utf8_with_1007() {
    let (_, answer) = hybi::heard_close(&RFC6455, b"\x03\xe8\xff");
    assert_eq!((answer[0], &answer[2..4]), (0x88, &[0x03, 0xef][..]));
}
