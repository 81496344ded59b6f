//! The framing of the HyBi family (RFC 6455 §5).

use super::super::Said;
use super::exchange::{hear, masked};
use crate::codec::{Codec, EncodeError};
use crate::draft::Draft;
use crate::frame::{Frame, OpCode};
use crate::limits::Limits;
use crate::protocol_error::ProtocolError;
use crate::role::Role;

pub(super) fn check(draft: &'static dyn Draft) {
    reads_the_vectors_of_the_specification(draft);
    writes_the_vectors_of_the_specification(draft);
    masks_what_a_client_sends_with_ever_new_keys(draft);
    fails_on_what_every_version_forbids(draft);
    refuses_long_control_frames(draft);
    refuses_a_long_frame_at_its_header(draft);
}

/// Frames of a server, and frames of a client (RFC 6455 §5.7).
fn reads_the_vectors_of_the_specification(draft: &'static dyn Draft) {
    let hello = Said::new(OpCode::Text, b"Hello");
    for (role, wire, said) in [
        (Role::Client, &b"\x81\x05Hello"[..], hello.clone()),
        (Role::Server, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", hello.clone()),
        (Role::Client, b"\x01\x03Hel\x80\x02lo", hello.clone()),
        (Role::Server, b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo", hello),
        (Role::Client, b"\x89\x05Hello", Said::new(OpCode::Ping, b"Hello")),
        (
            Role::Server,
            b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
            Said::new(OpCode::Pong, b"Hello"),
        ),
        (Role::Client, b"\x88\x02\x03\xe8", Said::new(OpCode::Close, b"\x03\xe8")),
        (Role::Server, b"\x88\x82\x37\xfa\x21\x3d\x34\x12", Said::new(OpCode::Close, b"\x03\xe8")),
        (
            Role::Server,
            b"\x88\x85\x37\xfa\x21\x3d\x34\x13\x43\x44\x52",
            Said::new(OpCode::Close, b"\x03\xe9bye"),
        ),
        (Role::Server, b"\x88\x80\x37\xfa\x21\x3d", Said::new(OpCode::Close, b"")),
        (Role::Client, b"\x88\x02\x03\xea", Said::new(OpCode::Close, b"\x03\xea")),
        (Role::Client, b"\x81\0", Said::new(OpCode::Text, b"")),
        (Role::Client, b"\x01\0\x00\0\x80\0", Said::new(OpCode::Text, b"")),
    ] {
        let heard = hear(draft, role, wire);
        assert_eq!((heard.error, heard.said), (None, vec![said]), "{wire:x?}");
    }
    for (len, header) in BINARY_HEADERS {
        let payload = vec![0x5a; len];
        let heard = hear(draft, Role::Client, &[header, &payload].concat());
        assert!(heard.said == [Said::new(OpCode::Binary, payload)], "{len} bytes");
    }
}

const BINARY_HEADERS: [(usize, &[u8]); 6] = [
    (0, b"\x82\x00"),
    (125, b"\x82\x7d"),
    (126, b"\x82\x7e\x00\x7e"),
    (256, b"\x82\x7e\x01\x00"),
    (65535, b"\x82\x7e\xff\xff"),
    (65536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
];

fn writes_the_vectors_of_the_specification(draft: &'static dyn Draft) {
    let written = |opcode, fin, payload: &[u8]| {
        let mut wire = Vec::new();
        let mut codec = draft.codec(Role::Server, &Limits::default());
        codec.encode(Frame::new(opcode, fin, payload), &mut wire).expect("a frame of the family");
        wire
    };
    assert_eq!(written(OpCode::Text, true, b"Hello"), b"\x81\x05Hello");
    assert_eq!(written(OpCode::Text, false, b"Hel"), b"\x01\x03Hel");
    assert_eq!(written(OpCode::Continuation, true, b"lo"), b"\x80\x02lo");
    assert_eq!(written(OpCode::Ping, true, b"Hello"), b"\x89\x05Hello");
    assert_eq!(written(OpCode::Pong, true, b"Hello"), b"\x8a\x05Hello");
    assert_eq!(written(OpCode::Close, true, b"\x03\xe8"), b"\x88\x02\x03\xe8");
    for (len, header) in BINARY_HEADERS {
        let payload = vec![0x5a; len];
        let wire = written(OpCode::Binary, true, &payload);
        assert!(wire == [header, &payload].concat(), "{len} bytes");
    }
}

fn masks_what_a_client_sends_with_ever_new_keys(draft: &'static dyn Draft) {
    let mut codec = draft.codec(Role::Client, &Limits::default());
    let mut keys = Vec::new();
    for _ in 0..8 {
        let mut wire = Vec::new();
        codec.encode(Frame::whole(OpCode::Text, b"Hello"), &mut wire).expect("a text");
        assert_eq!((wire[0], wire[1], wire.len()), (0x81, 0x85, 11), "{wire:x?}");
        keys.push(wire[2..6].to_vec());
    }
    keys.sort();
    keys.dedup();
    assert!(keys.len() > 1, "every frame has the same masking key");
    assert_eq!(codec.envelope(OpCode::Text, 5), None, "a masked payload is not sent unchanged");
}

fn fails_on_what_every_version_forbids(draft: &'static dyn Draft) {
    let long = [&b"\x89\xfe\x00\x7e\0\0\0\0"[..], &[b'x'; 126]].concat();
    let second_text = [masked(0x01, b"a"), masked(0x81, b"b")].concat();
    for (wire, error) in [
        (b"\x81\x05Hello".to_vec(), ProtocolError::Unmasked),
        (masked(0xc1, b"a"), ProtocolError::ReservedBits(0x40)),
        (masked(0xa1, b"a"), ProtocolError::ReservedBits(0x20)),
        (masked(0x91, b"a"), ProtocolError::ReservedBits(0x10)),
        (masked(0xf8, b""), ProtocolError::ReservedBits(0x70)),
        (masked(0x09, b"a"), ProtocolError::FragmentedControl),
        (masked(0x08, b""), ProtocolError::FragmentedControl),
        (long, ProtocolError::LongControl),
        (b"\x88\xff\0\0\0\0\0\x01\0\0\0\0\0\0".to_vec(), ProtocolError::LongControl),
        (b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec(), ProtocolError::LengthOverflow),
        (masked(0x80, b"a"), ProtocolError::LoneContinuation),
        (second_text, ProtocolError::InterleavedMessage),
        (
            b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0".to_vec(),
            ProtocolError::FrameTooBig { limit: 16 << 20 },
        ),
    ] {
        // A message before it is delivered, one after it is not.
        let stream = [masked(0x82, b"before"), wire, masked(0x82, b"after")].concat();
        let heard = hear(draft, Role::Server, &stream);
        assert_eq!(heard.error, Some(error), "{stream:x?}");
        assert_eq!(heard.said, [Said::new(OpCode::Binary, b"before")], "{stream:x?}");
    }
    let heard = hear(draft, Role::Client, &masked(0x81, b"a"));
    assert_eq!(heard.error, Some(ProtocolError::Masked));
}

fn refuses_long_control_frames(draft: &'static dyn Draft) {
    for opcode in [OpCode::Ping, OpCode::Pong, OpCode::Close] {
        let mut wire = Vec::new();
        let mut codec = draft.codec(Role::Server, &Limits::default());
        let outcome = codec.encode(Frame::whole(opcode, &[0; 126]), &mut wire);
        assert_eq!((outcome, wire.len()), (Err(EncodeError::LongControl), 0));
    }
}

/// A long frame is refused by its announced length, before any of its payload has arrived.
fn refuses_a_long_frame_at_its_header(draft: &'static dyn Draft) {
    let limit = Limits::default().frame;
    let header = |len: u64| {
        let mut wire = b"\x82\xff".to_vec();
        wire.extend_from_slice(&len.to_be_bytes());
        wire.extend_from_slice(&[0; 4]);
        wire
    };
    assert_eq!(hear(draft, Role::Server, &header(limit)).error, None);
    let error = ProtocolError::FrameTooBig { limit };
    for len in [limit + 1, u64::from(u32::MAX), u64::MAX >> 1] {
        let heard = hear(draft, Role::Server, &header(len));
        assert_eq!(heard.error, Some(error), "{len} bytes are announced");
    }
}
