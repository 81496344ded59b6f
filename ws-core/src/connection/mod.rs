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
mod round_trip;
mod send;
mod send_error;
mod timer;

use std::time::Instant;

use crate::buffer::{ReadBuffer, SendBuffer};
use crate::close::CloseReason;
use crate::codec::Capabilities;
use crate::codec_box::CodecBox;
use crate::limits::{Limits, Timeouts};
use crate::protocol_error::ProtocolError;

use assembler::Assembler;
use ending::{ClosingHandshake, End};
pub use memory::ReceiveBuffer;
use protocol::Protocol;
pub use received::{Payload, Received, ReceivedFragment, Untaken, Work};
pub use send_error::SendError;
pub use timer::Expired;

/// A connection after its opening handshake: bytes in, messages out; messages in, bytes out.
///
/// It does no I/O and reads no clock. The caller does both:
///
/// * **Receiving.** [Lend](Connection::lend) it a buffer, read from the socket into the
///   [`receive_buffer`](Connection::receive_buffer) and report how much was
///   [`filled`](Connection::filled). Then receive whole messages with
///   [`receive_messages`](Connection::receive_messages), or fragments with
///   [`receive_fragment`](Connection::receive_fragment), until it is
///   [starved](Received::Starved). [`reclaim`](Connection::reclaim) the buffer when the socket has
///   nothing more to read.
/// * **Sending.** [`send`](Connection::send) messages, write what is
///   [`unsent`](Connection::unsent), and report how much was [`sent`](Connection::sent).
/// * **Time.** Call [`handle_timeout`](Connection::handle_timeout) at the time that
///   [`poll_timeout`](Connection::poll_timeout) returns.
///
/// It answers pings and performs the closing handshake itself. When it
/// [is over](Connection::is_over), write what is unsent and end the TCP connection.
// The order of the fields in memory is no part of the interface.
#[derive(Debug)]
#[repr(C)]
pub struct Connection {
    // hot: used for each message, and therefore in adjacent cache lines. `protocol` comes last,
    // because it begins with its own hot fields.
    assembler: Assembler,
    work: Work,
    /// How many bytes at the end of the assembler's message are not decoded yet. Not 0 only while
    /// the assembler holds a binary message that is [read into](ReceiveBuffer::Append).
    appended: usize,
    input: ReadBuffer,
    output: SendBuffer,
    protocol: Protocol,
}

impl Connection {
    /// A connection that is open as of `now`. `received` are the bytes after the request head: they
    /// belong to the first frames.
    pub fn new(
        codec: CodecBox,
        received: &[u8],
        limits: Limits,
        timeouts: Timeouts,
        now: Instant,
    ) -> Connection {
        let protocol = Protocol::new(codec, limits, timeouts, now);
        let assembler = Assembler::new(protocol.capabilities.invalid_text);
        let input = ReadBuffer::new(received);
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

    /// How much memory its data uses, in bytes: undecoded input, the incomplete message, and
    /// output. A lent output buffer counts while something in it is unsent, a lent buffer to
    /// receive into does not; nor do control frames that wait, of up to 125 bytes.
    pub fn held(&self) -> usize {
        self.input.held() + self.assembler.held() + self.output.held()
    }

    // ===== Time =====

    /// When to call [`handle_timeout`](Connection::handle_timeout), if ever. `clock` is called for
    /// the current time where a deadline begins to count. Any other call may change the answer.
    pub fn poll_timeout(&mut self, clock: impl FnOnce() -> Instant) -> Option<Instant> {
        self.protocol.poll_timeout(&self.output, clock)
    }

    /// Does what is due at `now`: sends a ping, begins to close an idle connection, or acts on an
    /// [end that is held](Untaken).
    ///
    /// # Errors
    /// [`Expired`] when a deadline has passed: the connection is over, and the TCP connection is to
    /// be ended at once.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Expired> {
        self.protocol.handle_timeout(now, &mut self.output)
    }

    /// Reports that the socket is not read, because earlier messages are not consumed: the silence
    /// of the peer does not count against it, unless the peer does not read either. The time
    /// without a data frame starts again.
    #[inline]
    pub fn not_listening(&mut self) {
        self.protocol.heard(&self.output);
        self.protocol.timers.active();
    }

    // ===== Closing =====

    /// Begins the closing handshake (RFC 6455 §7.1.2): nothing can be sent any more, and what the
    /// peer still sends can be received until its own Close or the closing deadline. Does nothing
    /// when it has begun already.
    ///
    /// The status code is mapped to the nearest one that the draft has; a draft without status
    /// codes sends none.
    pub fn close(&mut self, reason: Option<CloseReason>, now: Instant) {
        self.protocol.close(reason, now, &mut self.output);
    }

    /// Fails the connection because the peer broke the protocol (RFC 6455 §7.1.7). A draft without
    /// status codes ends it without a Close.
    pub fn fail(&mut self, error: ProtocolError) {
        self.protocol.fail(error, &mut self.output);
    }

    /// Reports that the socket has failed: the connection is over, and what is unsent is discarded.
    pub fn abandon(&mut self) {
        self.output.discard();
        self.protocol.abandon();
    }

    /// Whether the closing handshake has not begun.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.protocol.closing.is_open()
    }

    /// Whether its end has begun: the closing handshake, or an end by the peer that is held until
    /// earlier messages are consumed; see [`Untaken`].
    #[inline]
    pub fn is_ending(&self) -> bool {
        !self.is_open() || self.protocol.held_end.is_some()
    }

    /// Whether nothing more is received: write what is unsent and end the TCP connection.
    pub fn is_over(&self) -> bool {
        self.protocol.closing.is_over()
    }

    /// Whether the peer's side of the TCP connection has ended.
    pub fn has_input_ended(&self) -> bool {
        self.protocol.input_ended
    }

    /// The deadline that has passed, if one has: end the TCP connection and write nothing more.
    pub fn expired(&self) -> Option<Expired> {
        match self.protocol.end {
            End::Expired(expired) => Some(expired),
            End::Unlimited | End::Before(..) => None,
        }
    }

    /// Whether the connection was closed cleanly (RFC 6455 §7.1.4): by the closing handshake, or by
    /// the end of TCP where the draft has no Close.
    pub fn is_closed_cleanly(&self) -> bool {
        matches!(self.protocol.closing, ClosingHandshake::Closed(_))
    }

    /// The status code and reason of the peer's Close, if it has any (RFC 6455 §7.1.5, §7.1.6).
    pub fn peer_reason(&self) -> Option<&CloseReason> {
        match &self.protocol.closing {
            ClosingHandshake::Closed(reason) => reason.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
