//! A connection with a peer, an application, a socket and a clock, all of which behave arbitrarily.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ws_core::conformance::receive_from;
use ws_core::connection::{Payload, Received, Untaken};
use ws_core::{
    Batch, CloseCode, CloseReason, Connection, Keepalive, Limits, MessageRef, Role, Timeouts,
};

use crate::drafts::Spoken;

const STORAGE: usize = 160;
/// Limits: short, so that they are exceeded; or so long that a message is read into its own memory.
const SHORT: usize = 300;
const LONG: usize = 256 * 1024;
/// The most bytes that one step may send: a pong and a Close, or a message.
const MOST_AT_ONCE: usize = 2 * 127 + 16;
/// With a silent peer the connection ends within this many deadlines.
const PATIENCE: usize = 12;

struct Played {
    connection: Connection,
    message_limit: usize,
    /// Whether the application receives fragments as they arrive, or messages.
    fragments: bool,
    /// The messages that were received and are not consumed.
    batches: VecDeque<Batch>,
    /// Whether a fragment was received and is not consumed.
    fragment: bool,
    /// Whether the application consumes nothing.
    busy: bool,
    began: Instant,
    now: Instant,
    stalled: bool,
    ended: bool,
    /// All bytes that the socket accepted.
    written: Vec<u8>,
    hybi: bool,
    /// How often a protocol error of the peer was reported.
    broken: usize,
    /// How often an end by the peer was held.
    held: usize,
    /// How often bytes were read into the memory of a message.
    appended: usize,
}

/// Plays the input as a script.
pub fn run(data: &[u8]) {
    if let Some(played) = play(data) {
        played.end();
    }
}

fn play(data: &[u8]) -> Option<Played> {
    let (pick, script) = data.split_first()?;
    let mut played = Played::new(*pick);
    let mut script = script.iter();
    while let Some(step) = script.next() {
        let before = played.connection.unsent().len();
        let backed_up = played.stalled && before > 0;
        let mut bytes = 0;
        match (step >> 4, step & 15) {
            // Most of the script is sent by the peer.
            (0..=9, _) => {
                let rest = script.as_slice();
                let count = (usize::from(*step & 0x7f) + 1).min(rest.len());
                played.hear(&rest[..count]);
                script = rest[count..].iter();
                bytes = count;
            }
            (10, len) => played.send(usize::from(len)),
            (11, _) => _ = played.connection.ping(&[7; 3]),
            (12, 0..8) => {
                let reason = CloseReason::new(CloseCode::NORMAL, "bye");
                played.connection.close(Some(reason), played.now);
            }
            (12, long) => {
                bytes = usize::from(long - 7) * 16 * 1024;
                played.hear(&vec![b'x'; bytes]);
            }
            (13, what) => match what & 3 {
                0 => played.stalled = !played.stalled,
                1 => played.busy = !played.busy,
                2 => played.take(),
                _ => _ = played.connection.reclaim(),
            },
            (14, 15) => {
                played.ended = true;
                played.connection.end_of_input();
            }
            (14, _) => played.connection.not_listening(),
            _ => played.deadline(),
        }
        let put = played.connection.unsent().len().saturating_sub(before);
        assert!(put <= MOST_AT_ONCE * (bytes + 1), "{put} bytes for {bytes}");
        if backed_up && bytes > 0 && put > 0 {
            let close = played.connection.unsent()[before] == 0x88 || !played.hybi;
            assert!(close && put <= 127, "a peer that does not read fills memory");
        }
        played.write();
    }
    Some(played)
}

impl Played {
    fn new(pick: u8) -> Played {
        let spoken = Spoken::pick(pick);
        let message_limit = if pick & 4 == 0 { SHORT } else { LONG };
        let mut limits = Limits::default();
        limits.frame = message_limit as u64 + 100;
        limits.message = message_limit;
        let mut timeouts = Timeouts::default();
        timeouts.idle = Some(Duration::from_secs(45));
        timeouts.keepalive = Keepalive::default();
        let codec = spoken.draft.codec(Role::Server, &limits);
        let now = Instant::now();
        Played {
            connection: Connection::new(codec, &[], limits, timeouts, now),
            message_limit,
            fragments: pick & 8 != 0,
            batches: VecDeque::new(),
            fragment: false,
            busy: false,
            began: now,
            now,
            stalled: false,
            ended: false,
            written: Vec::new(),
            hybi: spoken.is_hybi(),
            broken: 0,
            held: 0,
            appended: 0,
        }
    }

    // ===== Receiving =====

    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.ended && self.receive() {
            self.lend();
            self.appended += usize::from(self.connection.reads_into_message() == Ok(true));
            let Ok(count) = receive_from(&mut self.connection, &mut bytes) else { continue };
            assert!(count > 0, "there is no room to read into");
        }
        self.receive();
        let most = match self.message_limit {
            SHORT => 4 * SHORT,
            _ => 4 * LONG,
        };
        let held = self.connection.held();
        assert!(held <= most + 2 * self.connection.unsent().len() + 256, "{held} bytes are held");
    }

    fn lend(&mut self) {
        if !self.connection.has_storage() {
            self.connection.lend(Batch::new(vec![0xee; STORAGE].into()));
        }
    }

    /// Receives what has arrived, and returns whether more can be read.
    fn receive(&mut self) -> bool {
        loop {
            self.lend();
            let untaken = match self.batches.is_empty() && !self.fragment {
                true => Untaken::Nothing,
                false => Untaken::Some,
            };
            let received = match self.fragments {
                true => self.receive_fragment(untaken),
                false => self.connection.receive_messages(untaken).map(|received| match received {
                    Received::Data(batch) => {
                        assert!(!batch.is_empty(), "no message");
                        self.batches.push_back(batch);
                        Received::Data(())
                    }
                    other => nothing(other),
                }),
            };
            match received {
                Ok(Received::Data(())) if self.busy => {}
                Ok(Received::Data(())) => self.take_all(),
                Ok(Received::Starved) => return true,
                Ok(Received::Working) => panic!("there is no extension"),
                Ok(Received::Held) => {
                    assert!(untaken == Untaken::Some, "held, although all is consumed");
                    self.held += 1;
                    return false;
                }
                Ok(Received::Closed) => {
                    assert!(self.connection.is_over());
                    return false;
                }
                Err(error) => {
                    assert!(
                        self.fragments || untaken == Untaken::Nothing,
                        "{error} before earlier messages"
                    );
                    assert!(self.connection.is_over(), "the connection goes on after an error");
                    self.broken += 1;
                    assert!(self.broken == 1, "{error} is reported twice");
                }
            }
        }
    }

    fn receive_fragment(
        &mut self,
        untaken: Untaken,
    ) -> Result<Received<()>, ws_core::ProtocolError> {
        Ok(match self.connection.receive_fragment(untaken)? {
            Received::Data(fragment) => {
                let Payload::Stored(range) = fragment.payload else { panic!("no extension") };
                assert!(self.connection.bytes(range).len() <= STORAGE);
                self.fragment = self.busy;
                Received::Data(())
            }
            other => nothing(other),
        })
    }

    /// The application consumes a message, or the fragments that have arrived.
    fn take(&mut self) {
        self.fragment = false;
        if let Some(batch) = self.batches.front_mut() {
            match batch.take() {
                // A text that is repaired grows: three bytes for each invalid one.
                Some(Ok(message)) => {
                    assert!(message.as_bytes().len() <= 3 * self.message_limit);
                }
                Some(Err(error)) => {
                    assert!(batch.is_empty(), "a message after an invalid text");
                    self.batches.clear();
                    self.connection.fail(error);
                }
                None => panic!("a batch without a message"),
            }
        }
        if self.batches.front().is_some_and(Batch::is_empty) {
            self.batches.pop_front();
        }
        if self.batches.is_empty() {
            self.receive();
        }
    }

    fn take_all(&mut self) {
        while !self.batches.is_empty() {
            self.take();
        }
    }

    // ===== Sending =====

    fn send(&mut self, len: usize) {
        // A writer waits while the buffer is full.
        if self.connection.unsent().len() < 1000 {
            let sent = self.connection.send(MessageRef::Text(&"m".repeat(len)));
            assert_eq!(sent.is_ok(), self.connection.is_open());
        }
    }

    /// The socket accepts what is unsent, unless it is stalled.
    fn write(&mut self) {
        let now = self.now;
        self.connection.poll_timeout(|| now);
        while !self.stalled && !self.connection.unsent().is_empty() {
            let unsent = self.connection.unsent();
            self.written.extend_from_slice(unsent);
            let count = unsent.len();
            self.connection.sent(count, || now);
        }
        self.connection.blocked();
        // An endpoint keeps no send buffer while nothing is unsent.
        drop(self.connection.reclaim_output());
    }

    // ===== Time =====

    fn deadline(&mut self) {
        let now = self.now;
        if let Some(at) = self.connection.poll_timeout(|| now) {
            let now = now.max(at);
            self.now = now;
            _ = self.connection.handle_timeout(now);
            let next = self.connection.poll_timeout(|| now);
            assert!(next.is_none_or(|next| next > now), "the same deadline again");
        }
    }

    /// The peer falls silent. Checks that the connection ends, and that whole frames were written,
    /// with a Close only as the last.
    fn end(mut self) {
        for _ in 0..PATIENCE {
            self.deadline();
            self.write();
        }
        assert!(self.connection.expired().is_some() || self.now == self.began, "it never ends");
        self.take_all();
        self.take();
        self.written.extend_from_slice(self.connection.unsent());
        let mut wire = self.written.as_slice();
        while let ([first, len @ ..126, rest @ ..], true) = (wire, self.hybi) {
            wire = rest.get(usize::from(*len)..).expect("half a frame is written");
            assert!(matches!(first, 0x81 | 0x88 | 0x89 | 0x8a), "{first:02x}");
            assert!(*first != 0x88 || wire.is_empty(), "something is written after our Close");
        }
        assert!(wire.is_empty() || !self.hybi);
    }
}

/// An outcome without its data.
fn nothing<T>(received: Received<T>) -> Received<()> {
    match received {
        Received::Data(_) => Received::Data(()),
        Received::Starved => Received::Starved,
        Received::Working => Received::Working,
        Received::Held => Received::Held,
        Received::Closed => Received::Closed,
    }
}

#[cfg(test)]
mod tests;
