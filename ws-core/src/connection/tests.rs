//! Tests of the connection, without a socket and without a clock.

mod assembling;
mod closing;
mod held;
mod limits;
mod memory;
mod model;
mod property;
mod time;

use std::time::Instant;

use super::*;
use crate::close::{CloseCode, StatusRules};
use crate::codec::{self, Codec, Decoded, EncodeError, InvalidText};
use crate::conformance::receive_from;
use crate::draft_id::DraftId;
use crate::frame::{Frame, MAX_CONTROL_PAYLOAD, MaskingKey, OpCode};
use crate::hybi::{HybiCodec, KeyRule, LengthRule, Profile};
use crate::message::{Batch, Message, MessageKind, MessageRef};
use crate::role::Role;

static PROFILE: Profile = Profile::new(DraftId::new("family"), 99)
    .with_key(KeyRule::Printable)
    .with_length(LengthRule::Any)
    .with_status(
        StatusRules::new()
            .with_sent_as(|code| match code.number() {
                1009 => CloseCode::FRAME_TOO_LARGE,
                _ => code,
            })
            .with_accepts(|number| number < 5000),
    );

/// The server's end of a connection, and the time at which it began.
struct End {
    connection: Connection,
    began: Instant,
}

/// The outcome of receiving a fragment.
type Came = Result<Received<ReceivedFragment>, ProtocolError>;

impl End {
    fn hybi(timeouts: Timeouts) -> End {
        End::new(codec(Role::Server), timeouts)
    }

    fn new(codec: CodecBox, timeouts: Timeouts) -> End {
        End::limited(codec, Limits::default(), timeouts)
    }

    fn limited(codec: CodecBox, limits: Limits, timeouts: Timeouts) -> End {
        let began = Instant::now();
        let connection = Connection::new(codec, &[], limits, timeouts, began);
        End { connection, began }
    }

    /// Receives these bytes from the socket.
    fn hear(&mut self, mut bytes: &[u8]) {
        if !self.connection.has_storage() {
            self.connection.lend(Batch::new(vec![0xee; STORAGE].into()));
        }
        receive_from(&mut self.connection, &mut bytes).unwrap();
        assert!(bytes.is_empty(), "the bytes do not fit into the buffer");
    }

    fn receive(&mut self) -> Came {
        self.connection.receive_fragment(Untaken::Nothing)
    }

    /// The next fragment: its payload, whether it is the first and whether the last.
    fn fragment(&mut self) -> (Vec<u8>, bool, bool) {
        match self.receive() {
            Ok(Received::Data(ReceivedFragment {
                first,
                fin,
                payload: Payload::Stored(range),
                ..
            })) => (self.connection.bytes(range).to_vec(), first, fin),
            other => panic!("expected a fragment, got {other:?}"),
        }
    }

    /// What was sent since the last call; the socket accepts it.
    fn sent(&mut self) -> Vec<u8> {
        let sent = self.connection.unsent().to_vec();
        let began = self.began;
        self.connection.sent(sent.len(), || began);
        sent
    }

    fn text(&mut self, text: &str) -> Result<(), SendError> {
        self.connection.send(MessageRef::Text(text))
    }
}

/// The most bytes of one read.
const STORAGE: usize = 512;

fn codec(role: Role) -> CodecBox {
    HybiCodec::new(&PROFILE, role, 1 << 20).into()
}

fn tiny(close: bool) -> CodecBox {
    CodecBox::new(Tiny { close })
}

fn end() -> End {
    End::hybi(Timeouts::default())
}

/// A client's frame.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut wire = vec![first, 0x80 | payload.len() as u8, 1, 2, 3, 4];
    wire.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, key)| byte ^ key));
    wire
}

/// A draft as small as hixie-76: one-byte texts, `FF` to close, no status codes, no pings.
#[derive(Debug)]
struct Tiny {
    close: bool,
}

impl Codec for Tiny {
    fn capabilities(&self) -> Capabilities {
        let without = Capabilities::new().with_invalid_text(InvalidText::Replace);
        if self.close { without.with_close() } else { without }
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let opcode = match input {
            [] => return Ok(None),
            [0xff, ..] => OpCode::Close,
            [0xfe, ..] => return Err(ProtocolError::Other("fe")),
            _ => OpCode::Text,
        };
        let payload = if opcode == OpCode::Close { 0..0 } else { 0..1 };
        Ok(Some(Decoded::new(1, codec::Fragment::new(opcode, true, payload))))
    }

    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        match frame.opcode {
            OpCode::Text => output.extend_from_slice(frame.payload),
            OpCode::Close if self.close => output.push(0xff),
            opcode => return Err(EncodeError::Unsupported(opcode)),
        }
        Ok(())
    }
}

#[test]
fn handles_control_frames_between_the_fragments_of_a_message() {
    let mut end = end();
    end.hear(&masked(0x01, b"Hel"));
    end.hear(&masked(0x89, b"there?"));
    end.hear(&masked(0x8a, b"unasked"));
    end.hear(&masked(0x80, b"lo"));
    assert_eq!(end.fragment(), (b"Hel".to_vec(), true, false));
    assert!(end.connection.is_within_message());
    assert_eq!(end.fragment(), (b"lo".to_vec(), false, true));
    assert!(!end.connection.is_within_message());
    assert_eq!(end.sent(), b"\x8a\x06there?");
    assert_eq!(end.receive(), Ok(Received::Starved));
}

#[test]
fn shows_a_frame_that_has_not_all_arrived_as_fragments() {
    let mut end = end();
    let wire = masked(0x82, b"abcdef");
    end.hear(&wire[..8]);
    assert_eq!(end.fragment(), (b"ab".to_vec(), true, false));
    assert_eq!(end.receive(), Ok(Received::Starved));
    end.hear(&wire[8..]);
    assert_eq!(end.fragment(), (b"cdef".to_vec(), false, true));
}

#[test]
fn answers_each_ping_at_once_while_the_peer_reads() {
    let mut end = end();
    for payload in [&b"1"[..], b"", &[7; 125]] {
        end.hear(&masked(0x89, payload));
        assert_eq!(end.receive(), Ok(Received::Starved));
        assert_eq!(end.sent(), [&[0x8a, payload.len() as u8], payload].concat());
    }
}

#[test]
fn answers_the_latest_of_many_pings_when_the_peer_did_not_read() {
    let mut end = end();
    end.text("waits").unwrap();
    end.connection.blocked();
    for payload in [b"1", b"2", b"3"] {
        end.hear(&masked(0x89, payload));
    }
    assert_eq!(end.receive(), Ok(Received::Starved));
    assert_eq!(end.sent(), b"\x81\x05waits");
    assert_eq!(end.sent(), b"\x8a\x013");
    assert_eq!(end.sent(), b"");
}

#[test]
fn answers_a_ping_that_waits_before_the_next_message() {
    for long in [false, true] {
        let mut end = end();
        end.text("waits").unwrap();
        end.connection.blocked();
        end.hear(&masked(0x89, b"1"));
        end.hear(&masked(0x89, b"2"));
        assert_eq!(end.receive(), Ok(Received::Starved));
        let message = MessageRef::Text("next");
        if long {
            let tail = end.connection.begin(message).unwrap().unwrap();
            end.connection.finish(message.as_bytes(), tail);
        } else {
            end.connection.send(message).unwrap();
        }
        assert_eq!(end.sent(), b"\x81\x05waits\x8a\x012\x81\x04next");
        assert_eq!(end.sent(), b"");
    }
}

#[test]
fn puts_messages_and_pings_that_the_draft_has() {
    let mut end = end();
    end.connection.send(MessageRef::Binary(b"\x00")).unwrap();
    end.connection.ping(b"p").unwrap();
    assert_eq!(end.sent(), b"\x82\x01\x00\x89\x01p");
    let long = end.connection.ping(&[0; 126]);
    assert_eq!(long, Err(SendError::Unsupported(EncodeError::LongControl)));

    let mut end = End::new(tiny(true), Timeouts::default());
    let unsupported = |opcode| Err(SendError::Unsupported(EncodeError::Unsupported(opcode)));
    let binary = end.connection.send(MessageRef::Binary(b"\x00"));
    assert_eq!(binary, unsupported(OpCode::Binary));
    assert_eq!(end.connection.ping(b""), unsupported(OpCode::Ping));
    assert_eq!(end.sent(), b"");
}

#[test]
fn sends_what_its_encoder_has_encoded_as_it_sends_messages() {
    let mut end = end();
    let encoder = end.connection.encoder().unwrap();
    for message in [MessageRef::Text("abc"), MessageRef::Binary(&[7; 300])] {
        end.connection.send(message).unwrap();
        let sent = end.sent();
        let mut encoded = Vec::new();
        encoder.encode(message, &mut encoded);
        end.connection.send_encoded(&mut encoded).unwrap();
        assert_eq!((end.sent(), encoded), (sent, vec![]));
    }
    // A client draws a masking key for each frame, which is state; other codecs may have any.
    for codec in [codec(Role::Client), tiny(true)] {
        assert!(End::new(codec, Timeouts::default()).connection.encoder().is_none());
    }
}

#[test]
fn fails_when_messages_are_interleaved_or_continued_without_a_start() {
    for (wire, error) in [
        (masked(0x80, b"x"), ProtocolError::LoneContinuation),
        ([masked(0x01, b"a"), masked(0x82, b"b")].concat(), ProtocolError::InterleavedMessage),
    ] {
        let mut end = end();
        end.hear(&wire);
        let outcome = loop {
            match end.receive() {
                Ok(Received::Data(_)) => {}
                other => break other,
            }
        };
        assert_eq!(outcome, Err(error));
        assert_eq!(end.sent()[..4], [0x88, 2 + error.to_string().len() as u8, 0x03, 0xea]);
    }
}
