//! The stream as our codec, connection and assembler read it.

use std::time::Instant;

use proptest::prelude::*;
use ws_core::buffer::{ReadBuffer, SendBuffer};
use ws_core::connection::Received;
use ws_core::message::Assembler;
use ws_core::{
    Connection, Draft, Limits, Message, MessageRef, ProtocolError, Role, SendError, Timeouts,
};

use super::{End, FRAME_LIMIT, MESSAGE_LIMIT, Verdict};

/// Room for one control frame and little more, so that messages are cut by it too.
const STORAGE: usize = 160;

/// One read from the socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadStep {
    size: usize,
    /// The buffer is given to another connection before it.
    give_away: bool,
}

impl ReadStep {
    pub(crate) fn largest() -> ReadStep {
        ReadStep { size: STORAGE, give_away: false }
    }
}

/// Reads of any size, repeated until the stream is at its end.
pub(crate) fn reads() -> impl Strategy<Value = Vec<ReadStep>> {
    let read =
        (1..=STORAGE, any::<bool>()).prop_map(|(size, give_away)| ReadStep { size, give_away });
    proptest::collection::vec(read, 1..12)
}

struct Reader {
    connection: Connection,
    input: ReadBuffer,
    output: SendBuffer,
    assembler: Assembler,
    messages: Vec<Message>,
}

pub(crate) fn read(wire: &[u8], reads: &[ReadStep]) -> Verdict {
    let mut limits = Limits::default();
    limits.frame = FRAME_LIMIT as u64;
    limits.message = MESSAGE_LIMIT;
    let codec = ws_rfc6455::RFC6455.codec(Role::Server, &limits);
    let mut input = ReadBuffer::new();
    input.lend(vec![0; STORAGE].into());
    let mut reader = Reader {
        assembler: Assembler::new(limits.message, codec.capabilities().invalid_text),
        connection: Connection::new(codec, limits, Timeouts::default(), Instant::now()),
        input,
        output: SendBuffer::new(),
        messages: Vec::new(),
    };
    let error = reader.read_all(wire, reads).err();
    reader.verdict(error)
}

impl Reader {
    fn read_all(&mut self, mut wire: &[u8], reads: &[ReadStep]) -> Result<(), ProtocolError> {
        let mut reads = reads.iter().cycle();
        while let Some(step) = reads.next().filter(|_| !wire.is_empty()) {
            self.make_room(step.give_away)?;
            let spare = self.input.spare();
            assert!(!spare.is_empty(), "there is always room to read into");
            let size = step.size.min(wire.len()).min(spare.len());
            spare[..size].copy_from_slice(&wire[..size]);
            self.input.filled(size);
            wire = &wire[size..];
            if !self.drain()? {
                return Ok(());
            }
        }
        // What an endpoint does when it goes to sleep within a message.
        if self.assembler.has_begun() { self.assembler.own(&self.input) } else { Ok(()) }
    }

    /// Works through what was read; `false` when the connection is over.
    fn drain(&mut self) -> Result<bool, ProtocolError> {
        loop {
            let data = match self.connection.receive(&mut self.input, &mut self.output)? {
                Received::Data(data) => data,
                Received::Starved => return Ok(true),
                Received::Closed => return Ok(false),
            };
            if self.assembler.push(&data, &self.input)? {
                self.messages.push(self.assembler.take(&self.input)?);
            }
        }
    }

    fn make_room(&mut self, give_away: bool) -> Result<(), ProtocolError> {
        if give_away {
            self.assembler.own(&self.input)?;
            drop(self.input.reclaim());
            self.input.lend(vec![0xee; STORAGE].into());
        } else if !self.assembler.is_buffered() {
            self.input.compact();
        } else if self.input.spare().is_empty() {
            self.assembler.own(&self.input)?;
            self.input.compact();
        }
        Ok(())
    }

    fn verdict(mut self, error: Option<ProtocolError>) -> Verdict {
        if let Some(error) = error {
            self.connection.fail(error, &mut self.output);
        }
        let mut written = frames(self.output.unsent());
        let end = match error {
            None if self.connection.is_open() => End::Waiting,
            None => {
                let reason = self.connection.peer_reason();
                let reason = reason.map(|r| (r.code().number(), r.text().to_owned()));
                // RFC 6455 §5.5.1: the answer echoes the code.
                let answer = reason.as_ref().map_or(vec![], |(code, _)| code.to_be_bytes().into());
                assert_eq!(written.pop(), Some((0x88, answer)));
                End::Closed(reason)
            }
            Some(error) => {
                let (first, payload) = written.pop().unwrap();
                assert_eq!(first, 0x88);
                assert_eq!(payload[..2], error.status().number().to_be_bytes());
                End::Failed(error.status().number())
            }
        };
        if end != End::Waiting {
            let late = self.connection.send(MessageRef::Text("late"), &mut self.output);
            assert_eq!(late, Err(SendError::Closed));
        }
        let pongs = written.into_iter().map(|(first, payload)| {
            assert_eq!(first, 0x8a, "pongs alone, and one Close at the end");
            payload
        });
        Verdict { messages: self.messages, pongs: pongs.collect(), end }
    }
}

/// The first byte and the payload of each frame that a server wrote; all are short.
pub(crate) fn frames(mut wire: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, len @ ..126, rest @ ..] = wire {
        let (payload, rest) = rest.split_at(usize::from(*len));
        frames.push((*first, payload.to_vec()));
        wire = rest;
    }
    assert!(wire.is_empty(), "{wire:02x?}");
    frames
}
