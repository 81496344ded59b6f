//! What HyBi-07 has of its own on the wire, beside what the family shares.

use ws_core::conformance::{Said, hybi};
use ws_core::{Draft, OpCode, ProtocolError, Role, StatusCode};
use ws_hybi07::HYBI07;

#[test]
fn shares_handshake_and_framing_with_the_family() {
    hybi::check(&HYBI07);
}

#[test]
fn reads_the_origin_from_either_field_unless_they_differ() {
    for lines in [
        &[hybi::KEY, "Sec-WebSocket-Origin: http://a"][..],
        &[hybi::KEY, "Origin: http://a"],
        &[
            hybi::KEY,
            "Origin: http://a",
            "Sec-WebSocket-Origin: http://a",
        ],
    ] {
        let head = hybi::request(&HYBI07, lines);
        assert_eq!(
            HYBI07.offer(&head).unwrap().origin,
            Some("http://a"),
            "{lines:?}"
        );
    }
    let lines = [
        hybi::KEY,
        "Origin: http://a",
        "Sec-WebSocket-Origin: http://b",
    ];
    assert!(hybi::respond(&HYBI07, &lines).is_err());
    let lines = [
        hybi::KEY,
        "Sec-WebSocket-Origin: http://a",
        "Sec-WebSocket-Origin: http://b",
    ];
    assert!(hybi::respond(&HYBI07, &lines).is_err());
    let head = hybi::request(&HYBI07, &[hybi::KEY]);
    assert_eq!(HYBI07.offer(&head).unwrap().origin, None);
}

#[test]
fn takes_any_printable_key() {
    for key in ["AAECAwQFBgcICQoLDA0O", "x", "dGhlIHNhbXBsZSBub25jZQ"] {
        let line = format!("Sec-WebSocket-Key: {key}");
        let accept = ws_core::hybi::accept_value(key);
        assert!(
            hybi::respond(&HYBI07, &[&line]).unwrap().contains(&accept),
            "{key}"
        );
    }
    assert!(hybi::respond(&HYBI07, &["Sec-WebSocket-Key: a b"]).is_err());
    assert!(hybi::respond(&HYBI07, &["Sec-WebSocket-Key: \u{e9}"]).is_err());
}

#[test]
fn ignores_frames_with_reserved_opcodes_wherever_they_stand() {
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        let stream = [
            hybi::masked(0x80 | opcode, b"ignored"),
            hybi::masked(0x01, b"Hel"),
            hybi::masked(0x80 | opcode, b""),
            hybi::masked(0x80, b"lo"),
            hybi::masked(0x80 | opcode, b"ignored"),
        ];
        let heard = hybi::hear(&HYBI07, Role::Server, &stream.concat());
        assert_eq!(
            (heard.error, heard.said),
            (None, vec![Said::new(OpCode::Text, b"Hello")])
        );
    }
}

#[test]
fn ignores_no_frame_that_is_broken_besides() {
    for (wire, error) in [
        (hybi::masked(0xc3, b""), ProtocolError::ReservedBits(0x40)),
        (hybi::masked(0x0b, b""), ProtocolError::FragmentedControl),
        (b"\x83\x00".to_vec(), ProtocolError::Unmasked),
        (
            b"\x83\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0".to_vec(),
            ProtocolError::FrameTooBig { limit: 16 << 20 },
        ),
    ] {
        assert_eq!(hybi::hear(&HYBI07, Role::Server, &wire).error, Some(error));
    }
}

#[test]
fn accepts_lengths_in_more_bytes_than_they_need() {
    for wire in [
        &b"\x81\xfe\x00\x05\0\0\0\0Hello"[..],
        b"\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0Hello",
    ] {
        let heard = hybi::hear(&HYBI07, Role::Server, wire);
        assert_eq!(
            (heard.error, heard.said),
            (None, vec![Said::new(OpCode::Text, b"Hello")])
        );
    }
}

#[test]
fn accepts_every_status_code_that_may_be_sent() {
    for code in (0..=5100).chain([65535]) {
        let accepted = matches!(code, 1000..=4999) && !matches!(code, 1005 | 1006 | 1015);
        let (reason, _) = hybi::heard_close(&HYBI07, &u16::to_be_bytes(code));
        assert_eq!(reason.is_ok(), accepted, "{code}");
    }
}

#[test]
fn sends_the_nearest_code_it_has() {
    for (code, sent) in [
        (StatusCode::INVALID_PAYLOAD, 1002),
        (StatusCode::POLICY, 1002),
        (StatusCode::TOO_BIG, 1004),
        (StatusCode::INTERNAL_ERROR, 1001),
        (StatusCode::RESTART, 1001),
        (StatusCode::TRY_AGAIN_LATER, 1001),
        (StatusCode::BAD_GATEWAY, 1001),
    ] {
        assert_eq!(hybi::code_sent(&HYBI07, code), sent, "{code}");
    }
    let after = |error| hybi::code_after(&HYBI07, error);
    assert_eq!(after(ProtocolError::InvalidUtf8), 1002);
    assert_eq!(after(ProtocolError::MessageTooBig { limit: 1 }), 1004);
    assert_eq!(after(ProtocolError::FrameTooBig { limit: 1 }), 1004);
}

#[test]
fn answers_a_reason_that_is_not_utf8_with_1002() {
    let (_, answer) = hybi::heard_close(&HYBI07, b"\x03\xe8\xff");
    assert_eq!((answer[0], &answer[2..4]), (0x88, &[0x03, 0xea][..]));
}

#[test]
fn refuses_quoted_parameters_of_extensions() {
    let line = "Sec-WebSocket-Extensions: a; b=\"c\"";
    assert!(hybi::respond(&HYBI07, &[hybi::KEY, line]).is_err());
}

#[test]
fn sends_1010_as_a_code_it_has() {
    let code = StatusCode::new(1010).unwrap();
    assert!(matches!(hybi::code_sent(&HYBI07, code), 1000..=1004));
}
