//! Hostile streams: the codec must not panic or stall, and not reserve memory for a length.

use super::frames::{encode, samples, text};
use super::read::{Heard, Reader, Said, read};
use crate::codec::Codec;
use crate::codec_box::CodecBox;
use crate::draft::Draft;
use crate::frame::OpCode;
use crate::limits::Limits;
use crate::protocol_error::ProtocolError;
use crate::role::Role;

const RANDOM_STREAMS: usize = 3000;
const FRAME_LIMIT: u64 = 1000;

/// Bytes that begin frames or lengths in some draft.
const TELLING: [u8; 16] = [
    0x00, 0x01, 0x02, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0xfe, 0xff, 0x7d, 0x03,
];

/// Frames that announce far more bytes than follow.
const ANNOUNCEMENTS: [&[u8]; 7] = [
    b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04",
    b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\x02\xff\x00\x00\x00\x00\xff\xff\xff\xff\x01\x02\x03\x04",
    b"\x83\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04",
    b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xfe\x81\x80\x80\x80\x00",
];

pub(super) fn check(draft: &'static dyn Draft) {
    for (sender, receiver) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        let codec = |role, frame| draft.codec(role, &Limits { frame, ..Limits::default() });
        let sender = |frame| codec(sender, frame);
        let receiver = |frame| codec(receiver, frame);
        let valid = {
            let capabilities = sender(u64::MAX).capabilities();
            encode(&mut sender(u64::MAX), &samples(capabilities, &[0, 5, 126]))
        };
        delivers_of_a_cut_stream_what_came_whole(&receiver, &valid);
        bears_every_mutation(&receiver, &valid);
        bears_random_streams(&receiver, &valid);
        bears_announcements(&receiver);
        refuses_frames_over_the_limit(&sender, &receiver);
    }
}

type Make<'m> = &'m dyn Fn(u64) -> CodecBox;

fn delivers_of_a_cut_stream_what_came_whole(receiver: Make<'_>, valid: &[u8]) {
    let whole = read(receiver(FRAME_LIMIT), [valid]);
    for end in 0..valid.len() {
        let cut = read(receiver(FRAME_LIMIT), [&valid[..end]]);
        assert_eq!(cut.error, None, "the first {end} bytes of a valid stream are refused");
        assert!(whole.said.starts_with(&cut.said), "the first {end} bytes say something else");
    }
}

fn bears_every_mutation(receiver: Make<'_>, valid: &[u8]) {
    let mut random = XorShift::new();
    for at in 0..valid.len() {
        for byte in [0x00, 0xff, valid[at] ^ 0x80, valid[at] ^ 0x01, random.next() as u8] {
            let mut stream = valid.to_vec();
            stream[at] = byte;
            bear(receiver, &stream[..valid.len().min(at + 200)]);
        }
    }
}

fn bears_random_streams(receiver: Make<'_>, valid: &[u8]) {
    let mut random = XorShift::new();
    for _ in 0..RANDOM_STREAMS {
        let len = random.below(120);
        let stream: Vec<u8> = (0..len)
            .map(|_| match random.below(3) {
                0 => TELLING[random.below(TELLING.len())],
                _ => random.next() as u8,
            })
            .collect();
        bear(receiver, &stream);
        // The same after a part of a valid stream.
        let start = random.below(valid.len());
        let end = start + random.below(valid.len() - start);
        bear(receiver, &[&valid[start..end], &stream].concat());
    }
}

fn bears_announcements(receiver: Make<'_>) {
    for announcement in ANNOUNCEMENTS {
        for filler in [0x00, b'a', 0xff] {
            let stream = [announcement, &[filler; 100]].concat();
            bear(receiver, &stream);
        }
    }
}

/// A frame of the limit is accepted. One of one byte more is refused however it arrives, and what
/// is delivered of it before that is within the limit.
fn refuses_frames_over_the_limit(sender: Make<'_>, receiver: Make<'_>) {
    let limit = FRAME_LIMIT as usize;
    for (len, error) in [
        (limit, None),
        (limit + 1, Some(ProtocolError::FrameTooBig { limit: FRAME_LIMIT })),
        (limit * 70, Some(ProtocolError::FrameTooBig { limit: FRAME_LIMIT })),
    ] {
        let message = Said::new(OpCode::Text, text(len));
        let wire = encode(&mut sender(u64::MAX), std::slice::from_ref(&message));
        for piece in [1, 7, wire.len()] {
            let mut reader = Reader::new(receiver(FRAME_LIMIT));
            wire.chunks(piece).for_each(|piece| reader.feed(piece));
            assert_eq!(reader.heard.error, error, "a frame of {len} bytes, the limit is {limit}");
            assert!(reader.delivered <= limit, "{} bytes are over the limit", reader.delivered);
            assert_eq!(reader.heard.said.len(), usize::from(error.is_none()));
        }
    }
}

/// Reads a stream with a tight limit and without one, whole and in pieces.
fn bear(receiver: Make<'_>, stream: &[u8]) {
    for limit in [FRAME_LIMIT, u64::MAX] {
        let whole = read(receiver(limit), [stream]);
        let pieces = read(receiver(limit), stream.chunks(1 + stream.len() % 3));
        let outcome = |heard: &Heard| (heard.said.clone(), heard.error.is_some());
        assert_eq!(outcome(&pieces), outcome(&whole), "{stream:x?} in pieces, against the whole");
    }
}

/// Marsaglia's xorshift generator: the same streams in every run.
struct XorShift(u64);

impl XorShift {
    fn new() -> XorShift {
        XorShift(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound.max(1)
    }
}
