//! The connection, with bytes from literals and time from arithmetic.

mod assembling;
mod closing;
mod limits;
mod model;
mod property;
mod time;

use std::ops::Range;
use std::time::Instant;

use super::*;
use crate::buffer::ReadBuffer;
use crate::close::{StatusCode, StatusRules};
use crate::codec::{Decoded, Fragment, InvalidText};
use crate::draft::{DraftId, Role};
use crate::hybi::{
    ExtensionValue, HybiCodec, KeyRule, LengthRule, OriginField, Profile, ReservedOpcode,
};
use crate::protocol_error::ProtocolError;

static PROFILE: Profile = Profile {
    id: DraftId::new("family"),
    version: 99,
    origin: OriginField::Origin,
    key: KeyRule::Printable,
    reserved_opcode: ReservedOpcode::Fail,
    length: LengthRule::Any,
    extension_value: ExtensionValue::TokenOrQuoted,
    status: StatusRules {
        invalid_reason: StatusCode::INVALID_PAYLOAD,
        sent_as: |code| match code.number() {
            1009 => StatusCode::FRAME_TOO_LARGE,
            _ => code,
        },
        accepts: |number| number < 5000,
    },
};

/// The server's end of a connection, its buffers, and the time it began.
struct End {
    connection: Connection,
    input: ReadBuffer,
    output: SendBuffer,
    began: Instant,
}

impl End {
    fn hybi(timeouts: Timeouts) -> End {
        End::new(Box::new(HybiCodec::new(&PROFILE, Role::Server, 1 << 20)), timeouts)
    }

    fn new(codec: Box<dyn Codec>, timeouts: Timeouts) -> End {
        let began = Instant::now();
        let mut input = ReadBuffer::new();
        input.lend(vec![0; 512].into());
        let connection = Connection::new(codec, Limits::default(), timeouts, began);
        End { connection, input, output: SendBuffer::new(), began }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.input.spare()[..bytes.len()].copy_from_slice(bytes);
        self.input.filled(bytes.len());
    }

    fn receive(&mut self) -> Result<Received, ProtocolError> {
        self.connection.receive(&mut self.input, &mut self.output)
    }

    /// The next fragment: its payload, whether it is the first and whether the last.
    fn fragment(&mut self) -> (Vec<u8>, bool, bool) {
        match self.receive() {
            Ok(Received::Data(data)) => {
                (self.input.bytes(data.payload).to_vec(), data.first, data.fin)
            }
            other => panic!("no fragment but {other:?}"),
        }
    }

    /// What was put since the last call.
    fn sent(&mut self) -> Vec<u8> {
        let sent = self.output.unsent().to_vec();
        self.output.advance(sent.len());
        sent
    }
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
        Capabilities {
            binary: false,
            ping: false,
            fragments: false,
            close: self.close,
            status: None,
            invalid_text: InvalidText::Replace,
        }
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let opcode = match input {
            [] => return Ok(None),
            [0xff, ..] => OpCode::Close,
            [0xfe, ..] => return Err(ProtocolError::Other("fe")),
            _ => OpCode::Text,
        };
        let payload = if opcode == OpCode::Close { 0..0 } else { 0..1 };
        let fragment = Fragment { opcode, fin: true, payload, remaining: 0 };
        Ok(Some(Decoded { consumed: 1, fragment: Some(fragment) }))
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
fn the_framing_of_the_family_is_taken_out_of_its_box_and_any_other_stays_in_it() {
    let hybi = HybiCodec::new(&PROFILE, Role::Server, 1 << 20);
    assert!(matches!(Framing::from(Box::new(hybi) as Box<dyn Codec>), Framing::Hybi(_)));
    let tiny = Tiny { close: true };
    assert!(matches!(Framing::from(Box::new(tiny) as Box<dyn Codec>), Framing::Boxed(_)));
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
    end.connection.send(MessageRef::Text("waits"), &mut end.output).unwrap();
    end.output.refuse();
    for payload in [b"1", b"2", b"3"] {
        end.hear(&masked(0x89, payload));
    }
    assert_eq!(end.receive(), Ok(Received::Starved));
    assert_eq!(end.sent(), b"\x81\x05waits");
    end.connection.handle_sent(&mut end.output);
    assert_eq!(end.sent(), b"\x8a\x013");
    end.connection.handle_sent(&mut end.output);
    assert_eq!(end.sent(), b"");
}

#[test]
fn answers_a_ping_that_waits_before_the_next_message() {
    for long in [false, true] {
        let mut end = end();
        end.connection.send(MessageRef::Text("waits"), &mut end.output).unwrap();
        end.output.refuse();
        end.hear(&masked(0x89, b"1"));
        end.hear(&masked(0x89, b"2"));
        assert_eq!(end.receive(), Ok(Received::Starved));
        let message = MessageRef::Text("next");
        if long {
            let envelope = end.connection.envelope(message, &mut end.output).unwrap().unwrap();
            end.output.bytes().extend_from_slice(envelope.head());
            end.output.bytes().extend_from_slice(message.as_bytes());
        } else {
            end.connection.send(message, &mut end.output).unwrap();
        }
        assert_eq!(end.sent(), b"\x81\x05waits\x8a\x012\x81\x04next");
        end.connection.handle_sent(&mut end.output);
        assert_eq!(end.sent(), b"");
    }
}

#[test]
fn puts_messages_and_pings_that_the_draft_has() {
    let mut end = end();
    end.connection.send(MessageRef::Binary(b"\x00"), &mut end.output).unwrap();
    end.connection.ping(b"p", &mut end.output).unwrap();
    assert_eq!(end.sent(), b"\x82\x01\x00\x89\x01p");
    let long = end.connection.ping(&[0; 126], &mut end.output);
    assert_eq!(long, Err(SendError::Unsupported(EncodeError::LongControl)));

    let mut end = End::new(Box::new(Tiny { close: true }), Timeouts::default());
    let unsupported = |opcode| Err(SendError::Unsupported(EncodeError::Unsupported(opcode)));
    let binary = end.connection.send(MessageRef::Binary(b"\x00"), &mut end.output);
    assert_eq!(binary, unsupported(OpCode::Binary));
    assert_eq!(end.connection.ping(b"", &mut end.output), unsupported(OpCode::Ping));
    assert_eq!(end.sent(), b"");
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
