//! One WebSocket connection, without its socket and its clock.

mod closing;
mod framing;
mod incoming;
mod timer;

use std::time::Instant;

use crate::buffer::SendBuffer;
use crate::close::CloseReason;
use crate::codec::{Capabilities, Codec, EncodeError, Envelope};
use crate::frame::{Frame, MAX_CONTROL_PAYLOAD, OpCode};
use crate::limits::{Limits, Timeouts};
use crate::message::{Compression, MessageKind, MessageRef, Outgoing};

use closing::{ClosingHandshake, End};
use framing::Framing;
pub use incoming::{Data, Received};
pub use timer::Expired;
use timer::Timers;

/// A connection after its opening handshake: bytes in, fragments out; messages in, bytes out.
///
/// It owns no buffer. The caller reads from its socket into a
/// [`ReadBuffer`](crate::buffer::ReadBuffer), calls
/// [`receive`](Connection::receive) until it asks for more, and writes what is in the
/// [`SendBuffer`]. Pings are answered and the closing handshake is held on the way. Time comes
/// in as [`Instant`]s: call [`handle_timeout`](Connection::handle_timeout) when
/// [`poll_timeout`](Connection::poll_timeout) says so.
// In memory, what each message needs comes first. That is no part of the interface.
#[derive(Debug)]
#[repr(C)]
pub struct Connection {
    framing: Framing,
    closing: ClosingHandshake,
    /// The payload of the latest ping that came while the send buffer was backed up.
    unanswered_ping: Option<Box<[u8]>>,
    /// How much of the frame under way is still to come.
    remaining: u64,
    /// The kind of the message whose fragments are coming.
    message: Option<MessageKind>,
    /// Whether the peer's side of the TCP connection has ended.
    input_ended: bool,
    limits: Limits,
    timers: Timers,
    capabilities: Capabilities,
    end: End,
}

impl Connection {
    /// A connection that is open as of `now`.
    pub fn new(
        codec: Box<dyn Codec>,
        limits: Limits,
        timeouts: Timeouts,
        now: Instant,
    ) -> Connection {
        let capabilities = codec.capabilities();
        let timers = Timers::new(timeouts, now);
        Connection {
            framing: codec.into(),
            capabilities,
            limits,
            message: None,
            remaining: 0,
            closing: ClosingHandshake::Open,
            input_ended: false,
            end: End::Unlimited,
            timers,
            unanswered_ping: None,
        }
    }

    /// What the draft of this connection can express.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The limits of this connection.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether a message has begun and not ended.
    pub fn is_within_message(&self) -> bool {
        self.message.is_some()
    }

    // ===== Out =====

    /// Puts a whole message into `output`.
    ///
    /// # Errors
    /// [`SendError`]; nothing was put then.
    #[inline]
    pub fn send<'m>(
        &mut self,
        message: impl Into<Outgoing<'m>>,
        output: &mut SendBuffer,
    ) -> Result<(), SendError> {
        let outgoing = message.into();
        if !self.closing.is_open() {
            return Err(SendError::Closed);
        }
        self.answer_latest_ping(output);
        let message = outgoing.message();
        let frame = Frame::whole(message.kind().opcode(), message.as_bytes());
        match outgoing.compression() {
            Compression::Allowed => self.framing.encode(frame, output.bytes()),
            Compression::Forbidden => self.framing.encode_plain(frame, output.bytes()),
        }
        .map_err(SendError::Unsupported)
    }

    /// What to write around a long message that is to go out without a copy, behind what is
    /// in `output`; `None` when it must go through [`send`](Connection::send).
    ///
    /// # Errors
    /// [`SendError::Closed`].
    pub fn envelope(
        &mut self,
        message: MessageRef<'_>,
        output: &mut SendBuffer,
    ) -> Result<Option<Envelope>, SendError> {
        if !self.closing.is_open() {
            return Err(SendError::Closed);
        }
        self.answer_latest_ping(output);
        Ok(self.framing.envelope(message.kind().opcode(), message.as_bytes().len()))
    }

    /// Puts a ping into `output`; its payload is at most 125 bytes.
    ///
    /// # Errors
    /// [`SendError`], also when the draft has no ping.
    pub fn ping(&mut self, payload: &[u8], output: &mut SendBuffer) -> Result<(), SendError> {
        if !self.closing.is_open() {
            return Err(SendError::Closed);
        }
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::Unsupported(EncodeError::LongControl));
        }
        let frame = Frame::whole(OpCode::Ping, payload);
        self.framing.encode(frame, output.bytes()).map_err(SendError::Unsupported)
    }

    /// Tells that everything in `output` was sent; the ping that waited is answered.
    #[inline]
    pub fn handle_sent(&mut self, output: &mut SendBuffer) {
        self.answer_latest_ping(output);
    }

    /// The answer to a ping that waited goes out before the next message, or when nothing
    /// waits any more: a sender that never stops cannot keep it back.
    #[inline]
    fn answer_latest_ping(&mut self, output: &mut SendBuffer) {
        if self.unanswered_ping.is_some()
            && let Some(payload) = self.unanswered_ping.take()
            && self.closing.is_open()
        {
            self.put(Frame::whole(OpCode::Pong, &payload), output);
        }
    }

    /// Puts a frame that the draft is known to have.
    fn put(&mut self, frame: Frame<'_>, output: &mut SendBuffer) {
        let encoded = self.framing.encode(frame, output.bytes());
        debug_assert!(encoded.is_ok(), "{frame:?}: {encoded:?}");
    }

    // ===== Time =====

    /// When [`handle_timeout`](Connection::handle_timeout) wants to be called, if ever.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.end {
            End::Unlimited if self.closing.is_open() => self.timers.next(),
            End::Before(end) => Some(end),
            _ => None,
        }
    }

    /// Sends a ping that is due, or begins to close an idle connection.
    ///
    /// # Errors
    /// [`Expired`] when the connection is to be cut; it is over then.
    pub fn handle_timeout(&mut self, now: Instant, output: &mut SendBuffer) -> Result<(), Expired> {
        let due = match self.end {
            End::Unlimited if self.closing.is_open() => {
                if !self.capabilities.ping {
                    // Nothing can be asked of it: only what it does not take tells.
                    self.heard(output);
                }
                self.timers.due(now)
            }
            End::Before(end) if now >= end => Err(Expired::Closing),
            _ => Ok(timer::Due::Nothing),
        };
        match due.inspect_err(|expired| self.expire(*expired))? {
            timer::Due::Nothing => {}
            timer::Due::Ping => {
                if !output.is_backed_up() {
                    self.put(Frame::whole(OpCode::Ping, &[]), output);
                }
            }
            timer::Due::CloseIdle => {
                let reason = CloseReason::new(crate::StatusCode::GOING_AWAY, "idle");
                self.close(Some(reason), now, output);
            }
        }
        Ok(())
    }
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The closing handshake has begun.
    Closed,
    /// The draft of this connection has no such frame.
    Unsupported(EncodeError),
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SendError::Closed => f.write_str("the connection is closing"),
            SendError::Unsupported(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SendError::Closed => None,
            SendError::Unsupported(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests;
