//! The outcome of a compressed connection is the same in slices as whole, and another decompressor
//! reads what is compressed.

use std::sync::Arc;

use ws_core::deflate::Deflate;
use ws_core::extension::{Accepted, Coding, Extension, FrameStart, Then, Transform, negotiate};
use ws_core::frame::{FrameHeader, OpCode};
use ws_core::hybi;

use crate::drafts::{Spoken, put_masked};
use crate::server::{Kind, converse};
use crate::slices::Slices;

/// The offers of clients, of which one is picked. The last but one is declined.
const OFFERS: [&str; 8] = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9",
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "x-webkit-deflate-frame",
    "permessage-deflate; server_max_window_bits=16, deflate-stream",
    "permessage-deflate; unknown, deflate-frame; max_window_bits=11; no_context_takeover",
];
/// The end of a message in DEFLATE, which is not sent.
const END_OF_MESSAGE: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// The end of a DEFLATE stream.
const END_OF_STREAM: [u8; 2] = [0x03, 0x00];

/// Sends the input to a server with one of the offers, or compresses it at one end and decompresses
/// it at the other.
pub fn run(data: &[u8]) {
    let Some((pick, data)) = data.split_first() else { return };
    let offers = OFFERS[usize::from(pick & 7)];
    match pick & 8 {
        0 => play(Spoken::pick(pick >> 4), offers, data),
        _ => carry(offers, data),
    }
}

/// The server's policy: it compresses every message that becomes shorter.
pub(crate) fn policy() -> Deflate {
    Deflate::new().min_size(0)
}

fn accept(policy: &Deflate, offers: &str) -> Option<Accepted> {
    let extensions: [Arc<dyn Extension>; 1] = [Arc::new(policy.clone())];
    negotiate(&extensions, &hybi::extensions(offers.as_bytes()).expect("offers are well-formed"))
}

/// The client's transform for a response. For Safari's extension it is that of a response without
/// parameters.
fn confirm(policy: &Deflate, response: &str) -> Box<dyn Transform> {
    let response = match response.starts_with("permessage") {
        true => response,
        false => OFFERS[0],
    };
    let elements = hybi::extensions(response.as_bytes()).expect("a response is well-formed");
    policy.confirm(&elements[0]).expect("a response fits its offer")
}

// ===== Whole and in slices =====

fn play(spoken: Spoken, offers: &str, data: &[u8]) {
    let slices = Slices::read(data);
    let mut wire = spoken.request(&format!("Sec-WebSocket-Extensions: {offers}\r\n"));
    let mut compressor = confirm(&policy(), OFFERS[0]);
    put_frames(slices.bytes, &mut *compressor, &mut wire);
    let whole = converse(Kind::Compressed, &[&wire]);
    let cut = converse(Kind::Compressed, &slices.of(&wire));
    assert!(
        same(&whole, &cut),
        "whole: {}\n  cut: {}\n   of: {}",
        whole.escape_ascii(),
        cut.escape_ascii(),
        wire.escape_ascii()
    );
}

/// Whether two outcomes agree. A message may be both too long and not UTF-8: which error is found
/// depends on how much is decompressed at once.
fn same(whole: &[u8], cut: &[u8]) -> bool {
    let (whole, cut) = (Answer::read(whole), Answer::read(cut));
    // Not UTF-8 is 1007, or 1002 in version 7; too long is 1009, or 1004 in versions 7 and 8.
    let either = |answer: &Answer<'_>| matches!(answer.code, Some(1002 | 1004 | 1007 | 1009));
    whole.before == cut.before && (whole == cut || either(&whole) && either(&cut))
}

/// The bytes that a server has written.
#[derive(PartialEq, Eq)]
struct Answer<'w> {
    /// The bytes before the Close.
    before: &'w [u8],
    /// The status code of the Close.
    code: Option<u16>,
}

impl Answer<'_> {
    fn read(wire: &[u8]) -> Answer<'_> {
        let head = wire.windows(4).position(|end| end == b"\r\n\r\n").expect("a response");
        let mut at = head + 4;
        while let Ok(Some(parsed)) = FrameHeader::parse(&wire[at..]) {
            let payload = at + parsed.size;
            if parsed.header.opcode == OpCode::Close.bits() {
                let code = wire[payload..].first_chunk().map(|code| u16::from_be_bytes(*code));
                return Answer { before: &wire[..at], code };
            }
            at = payload + parsed.header.len as usize;
        }
        Answer { before: wire, code: None }
    }
}

/// Builds frames from the input: a byte for the first byte, one for the length, and the payload.
/// The payload is used as compressed data, or is compressed, or is compressed and then corrupted.
fn put_frames(mut script: &[u8], compressor: &mut dyn Transform, wire: &mut Vec<u8>) {
    while let [first, len, rest @ ..] = script {
        let (payload, behind) = rest.split_at(usize::from(*len).min(rest.len()));
        script = behind;
        let number = usize::from(first & 0x0f);
        let opcode = 1 + (first & 1);
        let mut compressed = Vec::new();
        if first & 0x30 != 0 {
            let plain = payload.repeat(number + 1);
            if compressor.encode(&plain, &mut compressed).is_none() {
                put_masked(0x80 | opcode, &plain, wire);
                continue;
            }
        }
        match first & 0x30 {
            0x00 => put_masked(first & 0xcf, payload, wire),
            0x10 => put_masked(0xc0 | opcode, &compressed, wire),
            0x20 => {
                let (begin, end) = compressed.split_at(number.min(compressed.len()));
                put_masked(0x40 | opcode, begin, wire);
                put_masked(0x89, b"?", wire);
                put_masked(0x80, end, wire);
            }
            _ => {
                let at = number % compressed.len();
                compressed[at] ^= *len;
                put_masked(0xc0 | opcode, &compressed, wire);
            }
        }
    }
}

// ===== From one end to the other =====

fn carry(offers: &str, data: &[u8]) {
    let policy = policy();
    let Some(accepted) = accept(&policy, offers) else { return };
    let mut client = confirm(&policy, &accepted.response);
    let mut server = accepted.transform;
    let slices = Slices::read(data);
    let (mut stream, mut plain) = (Vec::new(), Vec::new());
    for message in slices.bytes.split(|byte| *byte == b'\n') {
        let mut compressed = Vec::new();
        let Some(reserved) = server.encode(message, &mut compressed) else { continue };
        assert_eq!(reserved, 0x40);
        assert!(compressed.len() < message.len(), "a message that does not shrink is compressed");
        let pieces = slices.of(&compressed);
        assert_eq!(decompress(&mut *client, &pieces, message.len() + 1), message);
        stream.extend_from_slice(&compressed);
        stream.extend_from_slice(&END_OF_MESSAGE);
        plain.extend_from_slice(message);
    }
    stream.extend_from_slice(&END_OF_STREAM);
    let read = miniz_oxide::inflate::decompress_to_vec(&stream).expect("a stream of DEFLATE");
    assert_eq!(read, plain);
}

/// Decompresses a message of less than `most` bytes into buffers of increasing size.
fn decompress(transform: &mut dyn Transform, pieces: &[&[u8]], most: usize) -> Vec<u8> {
    let start = FrameStart::new(OpCode::Binary, 0x40);
    assert_eq!(transform.begin(start), Ok(Coding::Transformed));
    let (mut whole, mut room) = (Vec::new(), 1);
    for (index, piece) in pieces.iter().enumerate() {
        let then = match index + 1 == pieces.len() {
            true => Then::EndOfMessage,
            false => Then::More,
        };
        let mut rest = *piece;
        loop {
            let mut output = Vec::with_capacity(room);
            let capacity = output.capacity();
            let step = transform.decode(rest, then, &mut output).expect("valid compressed data");
            assert_eq!(output.capacity(), capacity, "more output than the capacity");
            assert!(step.done || step.consumed > 0 || !output.is_empty(), "no progress");
            whole.extend_from_slice(&output);
            assert!(whole.len() < most, "more output than was compressed");
            rest = &rest[step.consumed..];
            room += 1;
            if step.done {
                break;
            }
        }
        assert!(rest.is_empty(), "input is left over");
    }
    whole
}
