//! Frames byte for byte (hybi-00 §4.2 and §5.3): whole, byte by byte and cut at every offset.

#![allow(clippy::expect_used, reason = "the helpers are part of the tests")]

use ws_core::conformance::{Said, read_every_way};
use ws_core::{
    Codec, CodecBox, Draft, EncodeError, Frame, InvalidText, Limits, OpCode, ProtocolError, Role,
};
use ws_hixie76::HIXIE76;

const LIMIT: u64 = 1000;

fn codec(max_frame: u64) -> CodecBox {
    let mut limits = Limits::default();
    limits.frame = max_frame;
    HIXIE76.codec(Role::Server, &limits)
}

/// The messages and Close frames in `wire`, however it is cut.
fn said(wire: &[u8]) -> Vec<Said> {
    let heard = read_every_way(|| codec(LIMIT), wire);
    assert_eq!(heard.error, None);
    heard.said
}

/// The error in `wire`, however it is cut.
fn refused(wire: &[u8]) -> ProtocolError {
    let heard = read_every_way(|| codec(LIMIT), wire);
    heard.error.expect("a refusal")
}

fn close() -> Said {
    Said::new(OpCode::Close, [])
}

fn text(text: &str) -> Said {
    Said::new(OpCode::Text, text)
}

const TOO_BIG: ProtocolError = ProtocolError::FrameTooBig { limit: LIMIT };

#[test]
fn reads_text_frames() {
    assert_eq!(said(b"\x00hello\xff"), [text("hello")]);
    assert_eq!(said(b"\x00\xff"), [text("")]);
    assert_eq!(said(b"\x00\x00\xff\x00a\xff\x00\xff"), [text("\0"), text("a"), text("")]);
    assert_eq!(said("\0h\u{e9}\u{1f600}\u{fffd}".as_bytes()), []);
    assert_eq!(said(b"\x00\xc3\x28\x80\xff"), [Said::new(OpCode::Text, b"\xc3\x28\x80")]);
}

#[test]
fn finds_the_end_of_texts_of_every_length() {
    for len in 0..100 {
        let payload = "x".repeat(len);
        let wire = [b"\x00", payload.as_bytes(), b"\xff\x00y\xff"].concat();
        assert_eq!(said(&wire), [text(&payload), text("y")], "{len}");
    }
}

#[test]
fn reads_the_closing_frame_however_its_length_is_spelled() {
    assert_eq!(said(b"\xff\x00"), [close()]);
    assert_eq!(said(b"\xff\x80\x00"), [close()]);
    assert_eq!(said(b"\x00a\xff\xff\x00"), [text("a"), close()]);
}

#[test]
fn discards_frames_of_reserved_types() {
    assert_eq!(said(b"\x01abc\xff\x00a\xff"), [text("a")]);
    assert_eq!(said(b"\x7f\xff\x00a\xff"), [text("a")]);
    assert_eq!(said(b"\x80\x00\x00a\xff"), [text("a")]);
    assert_eq!(said(b"\x80\x05ab\xffcd\x00a\xff"), [text("a")]);
    assert_eq!(said(b"\xfe\x01\xff\x00a\xff"), [text("a")]);
    assert_eq!(said(b"\xff\x02\xff\x00\x00a\xff"), [text("a")]);
}

#[test]
fn reads_lengths_in_base_128() {
    for (length, len) in [
        (&b"\x05"[..], 5),
        (b"\x7f", 127),
        (b"\x81\x00", 128),
        (b"\x82\x2c", 300),
        (b"\x80\x80\x00", 0),
        (b"\x80\x05", 5),
        (b"\x87\x68", 1000),
    ] {
        let wire = [b"\x80", length, &vec![0xff; len], b"\x00a\xff"].concat();
        assert_eq!(said(&wire), [text("a")], "{len}");
    }
}

#[test]
fn bounds_every_kind_of_frame() {
    let at_limit = "x".repeat(1000);
    let wire = [b"\x00", at_limit.as_bytes(), b"\xff"].concat();
    assert_eq!(said(&wire), [text(&at_limit)]);
    let wire = [b"\x01", at_limit.as_bytes(), b"\xff\x00a\xff"].concat();
    assert_eq!(said(&wire), [text("a")]);

    for frame_type in [0x00, 0x01, 0x7f] {
        let wire = [&[frame_type], &[b'x'; 1001][..], b"\xff"].concat();
        assert_eq!(refused(&wire), TOO_BIG);
        assert_eq!(refused(&wire[..1002]), TOO_BIG);
    }
    for frame_type in [0x80, 0xfe, 0xff] {
        assert_eq!(refused(&[frame_type, 0x87, 0x69]), TOO_BIG);
        assert_eq!(refused(&[frame_type, 0xff, 0xff]), TOO_BIG);
    }
}

#[test]
fn refuses_a_length_that_never_ends() {
    assert_eq!(refused(&[0x80; 10]), ProtocolError::LengthOverflow);
    let closing = [&[0xff][..], &[0x80; 9]].concat();
    assert_eq!(refused(&closing), ProtocolError::LengthOverflow);
    assert_eq!(said(&[&[0x80; 9][..], b"\x00\x00a\xff"].concat()), [text("a")]);
}

#[test]
fn puts_up_with_64_discarded_frames_between_texts() {
    let many = b"\x80\x00\x01\xff".repeat(32);
    let wire = [&many[..], b"\x00a\xff", &many, b"\x00b\xff"].concat();
    assert_eq!(said(&wire), [text("a"), text("b")]);
    for one_more in [b"\x80\x00", b"\x01\xff", b"\xff\x01"] {
        let wire = [&many[..], one_more].concat();
        assert_eq!(refused(&wire), ProtocolError::TooManyDiscarded);
    }
}

#[test]
fn asks_for_more_when_there_is_nothing() {
    assert_eq!(codec(LIMIT).decode(&mut []), Ok(None));
}

#[test]
fn shows_a_long_text_as_it_arrives() {
    let mut codec = codec(LIMIT);
    let mut pieces = Vec::new();
    for chunk in [&b"\x00"[..], b"ab", b"c\xff"] {
        let decoded = codec.decode(&mut chunk.to_vec()).unwrap().unwrap();
        pieces.push(decoded.fragment.map(|piece| (piece.opcode, piece.fin, piece.payload)));
    }
    let expected =
        [None, Some((OpCode::Text, false, 0..2)), Some((OpCode::Continuation, true, 0..1))];
    assert_eq!(pieces, expected);
}

#[test]
fn writes_texts_and_the_closing_frame_alike_at_both_ends() {
    for role in [Role::Server, Role::Client] {
        let mut codec = HIXIE76.codec(role, &Limits::default());
        let mut wire = Vec::new();
        codec.encode(Frame::whole(OpCode::Text, b"hello"), &mut wire).unwrap();
        codec.encode(Frame::whole(OpCode::Text, b""), &mut wire).unwrap();
        codec.encode(Frame::whole(OpCode::Close, b""), &mut wire).unwrap();
        assert_eq!(wire, b"\x00hello\xff\x00\xff\xff\x00");
    }
}

#[test]
fn writes_no_text_that_could_hold_a_frame() {
    let mut wire = Vec::new();
    let frame = Frame::whole(OpCode::Text, b"a\xff\x00b");
    assert_eq!(codec(LIMIT).encode(frame, &mut wire), Err(EncodeError::NotUtf8));
    assert!(wire.is_empty());
}

#[test]
fn refuses_what_the_draft_cannot_say() {
    let mut codec = codec(LIMIT);
    for opcode in [OpCode::Binary, OpCode::Ping, OpCode::Pong, OpCode::Continuation] {
        let outcome = codec.encode(Frame::whole(opcode, b"a"), &mut Vec::new());
        assert_eq!(outcome, Err(EncodeError::Unsupported(opcode)));
    }
    let fragment = Frame::new(OpCode::Text, false, b"a");
    let outcome = codec.encode(fragment, &mut Vec::new());
    assert_eq!(outcome, Err(EncodeError::Unsupported(OpCode::Text)));
    assert_eq!(codec.envelope(OpCode::Binary, 1), None);
    let envelope = codec.envelope(OpCode::Text, 1).unwrap();
    assert_eq!((envelope.head(), envelope.tail()), (&b"\x00"[..], &b"\xff"[..]));

    let capabilities = codec.capabilities();
    assert!(!capabilities.binary && !capabilities.ping && !capabilities.fragments);
    assert!(capabilities.close && capabilities.status.is_none());
    assert_eq!(capabilities.invalid_text, InvalidText::Replace);
}
