//! The protocol rules that all versions share, without the buffers that they work on.

use std::time::Instant;

use super::backlog::Backlog;
use super::ending::{ClosingHandshake, End, HELD_TIME, HeldEnd};
use super::round_trip::RoundTrips;
use super::send_error::SendError;
use super::timer::{self, Expired, Timers};
use crate::buffer::SendBuffer;
use crate::close::{CloseCode, CloseReason};
use crate::codec::{Capabilities, Codec, EncodeError, Envelope};
use crate::codec_box::CodecBox;
use crate::frame::{Frame, MAX_CONTROL_PAYLOAD, OpCode};
use crate::limits::{Limits, Timeouts};
use crate::message::{Compression, MessageKind, MessageRef, Outgoing};

/// The state of a connection without its buffers: fragments and control frames, pongs, the closing
/// handshake, keep-alive.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Protocol {
    // hot: used for each message, and therefore in adjacent cache lines.
    pub(super) codec: CodecBox,
    pub(super) closing: ClosingHandshake,
    /// How the peer has ended the connection. A Close is held only while messages before it are
    /// not consumed; a protocol error also after the connection has failed, until it is returned.
    pub(super) held_end: Option<Box<HeldEnd>>,
    /// The payload of a ping that came after messages of the same batch. `Some` only until the
    /// next call that receives, which answers it after the replies to those messages.
    pub(super) held_ping: Option<Box<[u8]>>,
    /// How many payload bytes of the current data frame have not arrived.
    pub(super) remaining: u64,
    /// The kind of the current message: `Some` after a fragment that is not its last.
    pub(super) message: Option<MessageKind>,
    /// Whether an extension has more output for bytes that the codec has consumed.
    pub(super) more: bool,
    /// Whether the payload of messages passes through an extension. It never changes.
    pub(super) extended: bool,
    /// Whether the peer's side of the TCP connection has ended.
    pub(super) input_ended: bool,
    /// The pings that measure the round-trip time.
    pub(super) round_trips: RoundTrips,
    pub(super) limits: Limits,
    pub(super) timers: Timers,
    /// The payload of the latest ping that came while the send buffer was backed up. Answered
    /// before the next message, or when the send buffer becomes empty.
    pub(super) unanswered_ping: Option<Box<[u8]>>,
    // cold: used once a write, when a deadline has passed, or at the end of the connection.
    /// The closing deadline. [`End::Unlimited`] while the closing handshake has not begun.
    pub(super) end: End,
    pub(super) backlog: Backlog,
    pub(super) capabilities: Capabilities,
}

impl Protocol {
    pub(super) fn new(
        codec: CodecBox,
        limits: Limits,
        timeouts: Timeouts,
        now: Instant,
    ) -> Protocol {
        let capabilities = codec.capabilities();
        Protocol {
            extended: codec.is_extended(),
            codec,
            capabilities,
            limits,
            message: None,
            remaining: 0,
            more: false,
            closing: ClosingHandshake::Open,
            input_ended: false,
            round_trips: RoundTrips::default(),
            end: End::Unlimited,
            backlog: Backlog::default(),
            held_end: None,
            held_ping: None,
            timers: Timers::new(timeouts, now),
            unanswered_ping: None,
        }
    }

    // ===== Sending =====

    /// Appends a whole message to `output`.
    ///
    /// # Errors
    /// [`SendError`]; nothing was appended then.
    #[inline]
    pub(super) fn send(
        &mut self,
        outgoing: Outgoing<'_>,
        output: &mut SendBuffer,
    ) -> Result<(), SendError> {
        if !self.closing.is_open() {
            return Err(SendError::Closed);
        }
        self.answer_latest_ping(output);
        let message = outgoing.message();
        let frame = Frame::whole(message.kind().opcode(), message.as_bytes());
        match outgoing.compression() {
            Compression::Allowed => self.codec.encode(frame, output.bytes()),
            Compression::Forbidden => self.codec.encode_plain(frame, output.bytes()),
        }
        .map_err(SendError::Unsupported)
    }

    /// The bytes to write before and after the payload of a long message that is sent without a
    /// copy, after what is in `output`; `None` when it must pass through [`send`](Protocol::send).
    ///
    /// # Errors
    /// [`SendError::Closed`].
    pub(super) fn envelope(
        &mut self,
        message: MessageRef<'_>,
        output: &mut SendBuffer,
    ) -> Result<Option<Envelope>, SendError> {
        if !self.closing.is_open() {
            return Err(SendError::Closed);
        }
        self.answer_latest_ping(output);
        Ok(self.codec.envelope(message.kind().opcode(), message.as_bytes().len()))
    }

    /// Appends a ping to `output`; its payload is at most 125 bytes.
    ///
    /// # Errors
    /// [`SendError`], also when the draft has no ping.
    pub(super) fn ping(
        &mut self,
        payload: &[u8],
        output: &mut SendBuffer,
    ) -> Result<(), SendError> {
        if !self.closing.is_open() {
            return Err(SendError::Closed);
        }
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::Unsupported(EncodeError::LongControl));
        }
        let frame = Frame::whole(OpCode::Ping, payload);
        self.codec.encode(frame, output.bytes()).map_err(SendError::Unsupported)
    }

    /// Appends the pong to a ping that waited. This is called before each message, and when
    /// `output` has become empty, so that a sender that never pauses cannot delay it forever.
    #[inline]
    pub(super) fn answer_latest_ping(&mut self, output: &mut SendBuffer) {
        if self.unanswered_ping.is_some()
            && let Some(payload) = self.unanswered_ping.take()
            && self.closing.is_open()
        {
            self.put(Frame::whole(OpCode::Pong, &payload), output);
        }
    }

    /// Appends a frame that the draft is known to have.
    pub(super) fn put(&mut self, frame: Frame<'_>, output: &mut SendBuffer) {
        let encoded = self.codec.encode(frame, output.bytes());
        debug_assert!(encoded.is_ok(), "{frame:?}: {encoded:?}");
    }

    // ===== Time =====

    /// The next deadline, if there is one. `clock` is called where a deadline begins to count.
    pub(super) fn poll_timeout(
        &mut self,
        output: &SendBuffer,
        clock: impl FnOnce() -> Instant,
    ) -> Option<Instant> {
        match (self.closing.is_open(), &mut self.held_end, self.end) {
            (true, None, _) => self.timers.next(),
            (true, Some(held), _) => Some(*held.until.get_or_insert_with(|| clock() + HELD_TIME)),
            (false, _, End::Unlimited) => Some(self.limit_end(clock(), output)),
            (false, _, End::Before(end, _)) => Some(end),
            (false, _, End::Expired(_)) => None,
        }
    }

    /// Does what is due at a deadline: sends a ping, closes an idle connection, or applies an end
    /// by the peer that was held.
    ///
    /// # Errors
    /// [`Expired`] when a deadline has passed; the connection is over then.
    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        output: &mut SendBuffer,
    ) -> Result<(), Expired> {
        match self.end {
            End::Before(end, extension) if now >= end => {
                return self.extend_end(extension, now, output);
            }
            End::Unlimited if self.closing.is_open() => {}
            _ => return Ok(()),
        }
        if let Some(held) = &self.held_end {
            if held.until.is_some_and(|until| now >= until) {
                self.settle_held_end(output);
            }
            return Ok(());
        }
        if !self.capabilities.ping {
            // The peer cannot be pinged: it is dead only if it does not read.
            self.heard(output);
        }
        match self.timers.due(now).inspect_err(|expired| self.expire(*expired))? {
            timer::Due::Nothing => {}
            timer::Due::Ping => {
                if !output.is_backed_up() {
                    self.put(Frame::whole(OpCode::Ping, &[]), output);
                }
            }
            timer::Due::CloseIdle => {
                let reason = CloseReason::new(CloseCode::GOING_AWAY, "idle");
                self.close(Some(reason), now, output);
            }
        }
        Ok(())
    }
}
