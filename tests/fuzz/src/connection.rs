//! A connection between a peer, an application, a socket and a clock, all of which do anything.

use std::time::{Duration, Instant};

use ws_core::buffer::{ReadBuffer, SendBuffer};
use ws_core::connection::Received;
use ws_core::message::Assembler;
use ws_core::{CloseReason, Connection, Keepalive, Limits, MessageRef, Role, StatusCode, Timeouts};

use crate::drafts::Spoken;

const STORAGE: usize = 160;
const MESSAGE_LIMIT: usize = 300;
const FRAME_LIMIT: u64 = 400;
/// What one step may put: a pong and a Close, or a message.
const MOST_AT_ONCE: usize = 2 * 127 + 16;
/// With a silent peer the end comes within so many deadlines.
const PATIENCE: usize = 12;

struct Played {
    connection: Connection,
    input: ReadBuffer,
    output: SendBuffer,
    assembler: Assembler,
    began: Instant,
    now: Instant,
    stalled: bool,
    /// All that the socket took.
    written: Vec<u8>,
    hybi: bool,
}

/// Plays the input as a script.
pub fn run(data: &[u8]) {
    let Some((pick, script)) = data.split_first() else { return };
    let spoken = Spoken::pick(*pick);
    let mut played = Played::new(spoken);
    let mut script = script.iter();
    while let Some(step) = script.next() {
        let before = played.output.len();
        let backed_up = played.output.is_backed_up();
        let mut bytes = 0;
        match step >> 4 {
            // Most of it is the peer's.
            0..=9 => {
                let rest = script.as_slice();
                let count = (usize::from(*step & 0x7f) + 1).min(rest.len());
                played.hear(&rest[..count]);
                script = rest[count..].iter();
                bytes = count;
            }
            10 => played.send(usize::from(*step & 15)),
            11 => _ = played.connection.ping(&[7; 3], &mut played.output),
            12 => {
                let reason = CloseReason::new(StatusCode::NORMAL, "bye");
                played.connection.close(Some(reason), played.now, &mut played.output);
            }
            13 => played.stalled = !played.stalled,
            14 => played.connection.not_listening(&played.output),
            _ => played.deadline(),
        }
        let put = played.output.len().saturating_sub(before);
        assert!(put <= MOST_AT_ONCE * (bytes + 1), "{put} bytes for {bytes}");
        if backed_up && bytes > 0 && put > 0 {
            let close = played.output.unsent()[before] == 0x88 || !played.hybi;
            assert!(close && put <= 127, "a peer that does not read fills memory");
        }
        played.settle();
    }
    played.end();
}

impl Played {
    fn new(spoken: Spoken) -> Played {
        let mut limits = Limits::default();
        limits.frame = FRAME_LIMIT;
        limits.message = MESSAGE_LIMIT;
        let mut timeouts = Timeouts::default();
        timeouts.idle = Some(Duration::from_secs(45));
        timeouts.keepalive = Keepalive::default();
        let codec = spoken.draft.codec(Role::Server, &limits);
        let mut input = ReadBuffer::new();
        input.lend(vec![0; STORAGE].into());
        let now = Instant::now();
        Played {
            assembler: Assembler::new(limits.message, codec.capabilities().invalid_text),
            connection: Connection::new(codec, limits, timeouts, now),
            input,
            output: SendBuffer::new(),
            began: now,
            now,
            stalled: false,
            written: Vec::new(),
            hybi: spoken.is_hybi(),
        }
    }

    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.connection.is_over() {
            if self.input.spare().is_empty() || !self.assembler.is_buffered() {
                if let Err(error) = self.assembler.own(&self.input) {
                    return self.connection.fail(error, &mut self.output);
                }
                self.input.compact();
            }
            let spare = self.input.spare();
            assert!(!spare.is_empty(), "there is no room to read into");
            let count = bytes.len().min(spare.len());
            spare[..count].copy_from_slice(&bytes[..count]);
            self.input.filled(count);
            bytes = &bytes[count..];
            self.connection.heard(&self.output);
            self.receive();
        }
    }

    fn receive(&mut self) {
        loop {
            let data = match self.connection.receive(&mut self.input, &mut self.output) {
                Ok(Received::Data(data)) => data,
                Ok(Received::Starved) => return,
                Ok(Received::Closed) => {
                    assert!(self.connection.is_over());
                    return;
                }
                Err(_) => continue,
            };
            assert!(data.remaining <= FRAME_LIMIT, "a frame over the limit");
            let message = match self.assembler.push(&data, &self.input) {
                Ok(false) => continue,
                Ok(true) => self.assembler.take(&self.input),
                Err(error) => Err(error),
            };
            match message {
                // Text that is repaired grows: three bytes for one that is wrong.
                Ok(message) => assert!(message.as_bytes().len() <= 3 * MESSAGE_LIMIT),
                Err(error) => self.connection.fail(error, &mut self.output),
            }
        }
    }

    fn send(&mut self, len: usize) {
        // A writer waits while the buffer is full.
        if self.output.len() < 1000 {
            let text = "m".repeat(len);
            let sent = self.connection.send(MessageRef::Text(&text), &mut self.output);
            assert_eq!(sent.is_ok(), self.connection.is_open());
        }
    }

    fn deadline(&mut self) {
        if let Some(at) = self.connection.poll_timeout() {
            self.now = self.now.max(at);
            _ = self.connection.handle_timeout(self.now, &mut self.output);
            let next = self.connection.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "the same deadline again");
        }
    }

    /// What an endpoint does behind each step.
    fn settle(&mut self) {
        self.connection.limit_end(self.now);
        while !self.stalled && !self.output.is_empty() {
            if self.output.is_backed_up() {
                self.connection.drained();
            }
            self.written.extend_from_slice(self.output.unsent());
            self.output.discard();
            self.connection.handle_sent(&mut self.output);
        }
        self.output.refuse();
    }

    /// The peer falls silent: it ends, and what was written is frames, of which a Close is the last.
    fn end(mut self) {
        for _ in 0..PATIENCE {
            self.deadline();
            self.settle();
        }
        assert!(self.connection.expired().is_some() || self.now == self.began, "it never ends");
        self.written.extend_from_slice(self.output.unsent());
        let mut wire = self.written.as_slice();
        while let ([first, len @ ..126, rest @ ..], true) = (wire, self.hybi) {
            wire = rest.get(usize::from(*len)..).expect("half a frame is written");
            assert!(matches!(first, 0x81 | 0x88 | 0x89 | 0x8a), "{first:02x}");
            assert!(*first != 0x88 || wire.is_empty(), "something is written behind our Close");
        }
        assert!(wire.is_empty() || !self.hybi);
    }
}
