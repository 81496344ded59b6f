//! Frames byte for byte: whole, byte by byte and cut at every offset.

#![allow(clippy::expect_used, reason = "the helpers are part of the tests")]

use ws_core::conformance::{Said, read_every_way};
use ws_core::{Codec, CodecBox, Draft, EncodeError, Frame, Limits, OpCode, ProtocolError, Role};
use ws_hixie75::HIXIE75;

const LIMIT: u64 = 300;

fn codec() -> CodecBox {
    let mut limits = Limits::default();
    limits.frame = LIMIT;
    HIXIE75.codec(Role::Server, &limits)
}

/// The texts in `wire`, however it is cut, and the error after them.
fn said(wire: &[u8]) -> (Vec<String>, Option<ProtocolError>) {
    let heard = read_every_way(codec, wire);
    let text = |said: Said| String::from_utf8(said.payload).expect("UTF-8");
    (heard.said.into_iter().map(text).collect(), heard.error)
}

fn texts(wire: &[u8]) -> Vec<String> {
    let (texts, error) = said(wire);
    assert_eq!(error, None);
    texts
}

#[test]
fn reads_texts_between_00_and_ff() {
    assert_eq!(texts(b"\x00hello\xff\x00\xff\x00\x00\xff"), ["hello", "", "\0"]);
    assert_eq!(texts("\0h\u{e9}\u{1f600}".as_bytes()), Vec::<String>::new());
}

#[test]
fn discards_all_other_frames_and_ff_00_among_them() {
    for reserved in [
        &b"\xff\x00"[..],
        b"\xff\x80\x00",
        b"\x80\x05ab\xffcd",
        b"\x80\x80\x00",
        b"\x01ab\xff",
        b"\x7f\xff",
        &[&b"\x80\x81\x00"[..], &[0xff; 128]].concat(),
        &[&b"\xfe\x82\x2c"[..], &[0x00; 300]].concat(),
    ] {
        assert_eq!(texts(&[b"\x00a\xff", reserved, b"\x00b\xff"].concat()), ["a", "b"]);
    }
}

#[test]
fn bounds_frames_lengths_and_the_number_of_reserved_frames() {
    let too_big = Some(ProtocolError::FrameTooBig { limit: LIMIT });
    assert_eq!(texts(&[b"\x00", &[b'x'; 300][..], b"\xff"].concat()), ["x".repeat(300)]);
    assert_eq!(said(&[b"\x00", &[b'x'; 301][..], b"\xff"].concat()).1, too_big);
    assert_eq!(said(&[b"\x01", &[b'x'; 301][..], b"\xff"].concat()).1, too_big);
    assert_eq!(said(b"\x80\x82\x2d").1, too_big);
    assert_eq!(said(&[0x80; 10]).1, Some(ProtocolError::LengthOverflow));
    assert_eq!(texts(&b"\xff\x00".repeat(64)), Vec::<String>::new());
    assert_eq!(said(&b"\xff\x00".repeat(65)).1, Some(ProtocolError::TooManyDiscarded));
}

#[test]
fn writes_texts_and_nothing_else() {
    let mut wire = Vec::new();
    codec().encode(Frame::whole(OpCode::Text, b"hello"), &mut wire).unwrap();
    let injected = codec().encode(Frame::whole(OpCode::Text, b"a\xff\x00b"), &mut wire);
    assert_eq!(injected, Err(EncodeError::NotUtf8));
    for opcode in [OpCode::Close, OpCode::Binary, OpCode::Ping, OpCode::Continuation] {
        let outcome = codec().encode(Frame::whole(opcode, b""), &mut wire);
        assert_eq!(outcome, Err(EncodeError::Unsupported(opcode)));
    }
    assert_eq!(wire, b"\x00hello\xff");
    assert!(!codec().capabilities().close && codec().capabilities().status.is_none());
    assert!(codec().envelope(OpCode::Binary, 1).is_none());
    assert_eq!(codec().envelope(OpCode::Text, 1).unwrap().tail(), b"\xff");
}
