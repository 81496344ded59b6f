//! Decodes a stream with our codec and connection.

use std::time::Instant;

use proptest::prelude::*;
use ws_core::conformance::receive_all;
use ws_core::{
    Connection, Draft, Limits, Message, MessageRef, ProtocolError, Role, SendError, Timeouts,
};

use super::{End, FRAME_LIMIT, MESSAGE_LIMIT, Verdict};

/// The size of the receive buffer: little more than one control frame, so that it cuts messages.
const STORAGE: usize = 160;

/// One read from the socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadStep {
    size: usize,
    /// Whether the buffer is reclaimed before it, as for another connection.
    give_away: bool,
}

impl ReadStep {
    pub(crate) fn largest() -> ReadStep {
        ReadStep { size: STORAGE, give_away: false }
    }
}

/// Reads of any size, which repeat until the end of the stream.
pub(crate) fn reads() -> impl Strategy<Value = Vec<ReadStep>> {
    let read =
        (1..=STORAGE, any::<bool>()).prop_map(|(size, give_away)| ReadStep { size, give_away });
    proptest::collection::vec(read, 1..12)
}

struct Reader {
    connection: Connection,
    messages: Vec<Message>,
}

pub(crate) fn read(wire: &[u8], reads: &[ReadStep]) -> Verdict {
    let mut limits = Limits::default();
    limits.frame = FRAME_LIMIT as u64;
    limits.message = MESSAGE_LIMIT;
    let codec = ws_rfc6455::RFC6455.codec(Role::Server, &limits);
    let timeouts = Timeouts::default();
    let mut reader = Reader {
        connection: Connection::new(codec, &[], limits, timeouts, Instant::now()),
        messages: Vec::new(),
    };
    let error = reader.read_all(wire, reads).err();
    reader.verdict(error)
}

impl Reader {
    fn read_all(&mut self, mut wire: &[u8], reads: &[ReadStep]) -> Result<(), ProtocolError> {
        for step in reads.iter().cycle() {
            if step.give_away {
                self.give_away()?;
            }
            let (read, rest) = wire.split_at(wire.len().min(step.size));
            receive_all(&mut self.connection, read, STORAGE, &mut self.messages)?;
            wire = rest;
            if wire.is_empty() || self.connection.is_over() {
                break;
            }
        }
        // It becomes idle, perhaps within a message.
        self.give_away()
    }

    /// Reclaims the buffer. If that finds a text that is not UTF-8, the next call that receives
    /// messages returns the error.
    fn give_away(&mut self) -> Result<(), ProtocolError> {
        match self.connection.reclaim() {
            Ok(_) => Ok(()),
            Err(_) => receive_all(&mut self.connection, &[], STORAGE, &mut self.messages),
        }
    }

    fn verdict(mut self, error: Option<ProtocolError>) -> Verdict {
        let mut written = frames(self.connection.unsent());
        let end = match error {
            None if self.connection.is_open() => End::Waiting,
            None => {
                let reason = self.connection.peer_reason();
                let reason = reason.map(|r| (r.code().number(), r.text().to_owned()));
                // RFC 6455 §5.5.1: the answering Close echoes the code.
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
            let late = self.connection.send(MessageRef::Text("late"));
            assert_eq!(late, Err(SendError::Closed));
        }
        let pongs = written.into_iter().map(|(first, payload)| {
            assert_eq!(first, 0x8a, "only pongs, and one Close at the end");
            payload
        });
        Verdict { messages: self.messages, pongs: pongs.collect(), end }
    }
}

/// The first byte and the payload of each frame of a server, all of which are short.
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
