//! One WebSocket connection, without its socket and its clock.

mod assembler;
mod backlog;
mod closing;
mod ending;
mod incoming;
mod memory;
mod protocol;
mod receive;
mod received;
mod send_error;
mod timer;

use std::time::Instant;

use crate::buffer::{ReadBuffer, SendBuffer};
use crate::close::CloseReason;
use crate::codec::Capabilities;
use crate::codec_box::CodecBox;
use crate::hybi::Encoder;
use crate::limits::{Limits, Timeouts};
use crate::message::{MessageRef, Outgoing};
use crate::protocol_error::ProtocolError;

use assembler::Assembler;
use ending::{ClosingHandshake, End};
pub use memory::ReceiveBuffer;
use protocol::Protocol;
pub use received::{Fragment, Payload, Received, Untaken, Work};
pub use send_error::SendError;
pub use timer::Expired;

/// A connection after its opening handshake: bytes in, messages out; messages in, bytes out.
///
/// It neither reads nor writes, and keeps no clock. Its owner does this around it:
///
/// * **In.** [Lend](Connection::lend) it memory, read from the socket into the
///   [`receive_buffer`](Connection::receive_buffer), say how much was
///   [`filled`](Connection::filled), and take what has come with
///   [`receive_messages`](Connection::receive_messages), or piece by piece with
///   [`receive_fragment`](Connection::receive_fragment), until it is
///   [starved](Received::Starved). [`reclaim`](Connection::reclaim) the memory when the socket has
///   nothing more.
/// * **Out.** [`send`](Connection::send), write what is [`unsent`](Connection::unsent), and say how
///   much was [`sent`](Connection::sent).
/// * **Time.** Call [`handle_timeout`](Connection::handle_timeout) when
///   [`poll_timeout`](Connection::poll_timeout) says so.
///
/// Pings are answered and the closing handshake is held on the way. When it
/// [is over](Connection::is_over), send what waits and end the TCP connection.
// In memory, what each message needs lies together; of the protocol it comes first. That is no part
// of the interface.
#[derive(Debug)]
#[repr(C)]
pub struct Connection {
    assembler: Assembler,
    work: Work,
    /// How many bytes at the end of the message that has begun are not decoded yet.
    appended: usize,
    input: ReadBuffer,
    output: SendBuffer,
    protocol: Protocol,
}

impl Connection {
    /// A connection that is open as of `now`. `input` holds what came after the request head: it
    /// belongs to the first frames.
    pub fn new(
        codec: CodecBox,
        mut input: ReadBuffer,
        limits: Limits,
        timeouts: Timeouts,
        now: Instant,
    ) -> Connection {
        let protocol = Protocol::new(codec, limits, timeouts, now);
        let assembler = Assembler::new(limits.message, protocol.capabilities.invalid_text);
        if let Some(batch) = input.batch() {
            batch.set_invalid_text(assembler.invalid_text());
        }
        let output = SendBuffer::default();
        Connection { protocol, input, output, assembler, appended: 0, work: Work::default() }
    }

    /// What the draft of this connection can express.
    pub fn capabilities(&self) -> &Capabilities {
        &self.protocol.capabilities
    }

    /// The limits of this connection.
    pub fn limits(&self) -> &Limits {
        &self.protocol.limits
    }

    /// How much memory it takes for what is under way, in bytes: undecoded input, the message
    /// that has begun, output. What was lent counts while there is something in it; control frames
    /// that wait, of up to 125 bytes, do not.
    pub fn held(&self) -> usize {
        self.input.held() + self.assembler.held() + self.output.held()
    }

    // ===== Out =====

    /// Takes a whole message.
    ///
    /// # Errors
    /// [`SendError`]; nothing was taken then.
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Outgoing<'m>>) -> Result<(), SendError> {
        let message = message.into();
        if self.protocol.extended {
            self.work.encoded += message.as_bytes().len();
        }
        self.protocol.send(message, &mut self.output)
    }

    /// What encodes messages as [`send`](Connection::send) does, where that takes no state of the
    /// connection; what was encoded is given to [`send_encoded`](Connection::send_encoded).
    pub fn encoder(&self) -> Option<Encoder> {
        self.protocol.codec.encoder()
    }

    /// Takes messages that its [`encoder`](Connection::encoder) has encoded, and leaves nothing
    /// of them in `encoded`.
    ///
    /// # Errors
    /// [`SendError::Closed`]; they are gone then.
    #[inline]
    pub fn send_encoded(&mut self, encoded: &mut Vec<u8>) -> Result<(), SendError> {
        if encoded.is_empty() {
            return Ok(());
        }
        if !self.is_open() {
            encoded.clear();
            return Err(SendError::Closed);
        }
        self.protocol.answer_latest_ping(&mut self.output);
        self.output.append(encoded);
        Ok(())
    }

    /// Takes a message whose payload the caller is to write behind what is
    /// [`unsent`](Connection::unsent). The answer goes behind the payload; `None`, and nothing
    /// taken, when the message must pass through [`send`](Connection::send).
    ///
    /// # Errors
    /// [`SendError::Closed`].
    pub fn begin(&mut self, message: MessageRef<'_>) -> Result<Option<&'static [u8]>, SendError> {
        let Some(envelope) = self.protocol.envelope(message, &mut self.output)? else {
            return Ok(None);
        };
        self.output.bytes().extend_from_slice(envelope.head());
        self.output.open_gap();
        Ok(Some(envelope.tail()))
    }

    /// Takes what is left of a message that [began](Connection::begin), and what goes behind it.
    /// Until then nothing that comes behind it is [`unsent`](Connection::unsent).
    pub fn finish(&mut self, rest: &[u8], tail: &[u8]) {
        self.output.close_gap(rest, tail);
        if self.output.is_empty() {
            self.protocol.answer_latest_ping(&mut self.output);
        }
    }

    /// Whether a message that [began](Connection::begin) is not [finished](Connection::finish).
    pub fn is_within_sent_message(&self) -> bool {
        self.output.has_gap()
    }

    /// Takes a ping; its payload is at most 125 bytes.
    ///
    /// # Errors
    /// [`SendError`], also when the draft has no ping.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.protocol.ping(payload, &mut self.output)
    }

    /// What is to be written to the socket, oldest first.
    #[inline]
    pub fn unsent(&self) -> &[u8] {
        self.output.unsent()
    }

    /// How many bytes wait to be sent, what has to wait for the rest of a message among them.
    #[inline]
    pub fn unsent_len(&self) -> usize {
        self.output.len()
    }

    /// Tells that the socket took so many bytes of what is [`unsent`](Connection::unsent). `clock`
    /// is asked for the time now and then.
    #[inline]
    pub fn sent(&mut self, count: usize, clock: impl FnOnce() -> Instant) {
        if self.output.is_backed_up() {
            self.protocol.timers.heard();
        }
        self.protocol.backlog.sent(count, clock);
        self.output.advance(count);
        if self.output.is_empty() {
            self.protocol.answer_latest_ping(&mut self.output);
        }
    }

    /// Tells that the socket took so many bytes of a message that [began](Connection::begin), from
    /// where they lie; and whether it had refused some before.
    pub fn sent_elsewhere(&mut self, count: usize, refused: bool, clock: impl FnOnce() -> Instant) {
        if refused {
            self.protocol.timers.heard();
        }
        self.protocol.backlog.sent(count, clock);
    }

    /// Tells that the socket takes no more for now.
    #[inline]
    pub fn blocked(&mut self) {
        self.output.refuse();
    }

    /// Forgets what is unsent: the socket takes nothing any more.
    pub fn discard_unsent(&mut self) {
        self.output.discard();
    }

    /// Gives it memory for what is to be sent, if it has none. Without, it takes its own.
    #[inline]
    pub fn lend_output(&mut self, storage: impl FnOnce() -> Vec<u8>) {
        if !self.output.has_storage() {
            self.output.lend(storage());
        }
    }

    /// Takes the memory back, if nothing waits in it.
    #[inline]
    pub fn reclaim_output(&mut self) -> Option<Vec<u8>> {
        self.output.reclaim()
    }

    // ===== Time =====

    /// When [`handle_timeout`](Connection::handle_timeout) wants to be called, if ever. `clock` is
    /// asked for the time where a deadline begins to count.
    pub fn poll_timeout(&mut self, clock: impl FnOnce() -> Instant) -> Option<Instant> {
        self.protocol.poll_timeout(&self.output, clock)
    }

    /// Does what is due: sends a ping, or begins to close an idle connection.
    ///
    /// # Errors
    /// [`Expired`] when the connection is to be cut; it is over then.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Expired> {
        self.protocol.handle_timeout(now, &mut self.output)
    }

    /// Tells that the peer's bytes are not being read, because nobody takes those that came
    /// before: its silence says nothing about it, unless it takes nothing either.
    #[inline]
    pub fn not_listening(&mut self) {
        self.protocol.heard(&self.output);
        self.protocol.timers.active();
    }

    // ===== The end =====

    /// Begins the closing handshake: nothing can be sent any more, what the peer still sends can
    /// be received until its own Close or the closing deadline. Does nothing when it has begun
    /// already.
    ///
    /// The status code is mapped to the nearest one the draft has; a draft without status codes
    /// sends none.
    pub fn close(&mut self, reason: Option<CloseReason>, now: Instant) {
        self.protocol.close(reason, now, &mut self.output);
    }

    /// Ends the connection because the peer broke the protocol (RFC 6455 §7.1.7). Drafts without
    /// status codes have no word for it and just end.
    pub fn fail(&mut self, error: ProtocolError) {
        self.protocol.fail(error, &mut self.output);
    }

    /// Tells that the socket has failed: the connection is over.
    pub fn abandon(&mut self) {
        self.output.discard();
        self.protocol.abandon();
    }

    /// Whether the closing handshake has not begun.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.protocol.closing.is_open()
    }

    /// Whether its end has begun: the closing handshake, or one that the peer has begun and that
    /// waits for messages to be taken; see [`Untaken`].
    #[inline]
    pub fn is_ending(&self) -> bool {
        !self.is_open() || self.protocol.held_end.is_some()
    }

    /// Whether nothing more is to be received: send what waits and end the TCP connection.
    pub fn is_over(&self) -> bool {
        self.protocol.closing.is_over()
    }

    /// Whether the peer's side of the TCP connection has ended.
    pub fn has_input_ended(&self) -> bool {
        self.protocol.input_ended
    }

    /// Which deadline has passed, if one has: end the TCP connection and send nothing more.
    pub fn expired(&self) -> Option<Expired> {
        match self.protocol.end {
            End::Expired(expired) => Some(expired),
            End::Unlimited | End::Before(..) => None,
        }
    }

    /// Whether the connection ended in the way of its draft: by the peer's Close, or by nothing
    /// but the end of TCP where the draft has no other.
    pub fn is_closed_cleanly(&self) -> bool {
        matches!(self.protocol.closing, ClosingHandshake::Closed(_))
    }

    /// What the peer gave as the reason in its Close, if it gave any (RFC 6455 §7.1.5).
    pub fn peer_reason(&self) -> Option<&CloseReason> {
        match &self.protocol.closing {
            ClosingHandshake::Closed(reason) => reason.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
