//! The closing handshake (RFC 6455 §7) as a state machine.
//!
//! ```text
//!             we close                peer's Close
//!   Open ───────────────▶ CloseSent ───────────────▶ Closed
//!    │                        │                        ▲
//!    ├── peer's Close, answered ───────────────────────┘
//!    │                        │
//!    └────────────────────────┴── a protocol error, a deadline ────────▶ Failed
//!                                 has passed, or TCP has ended
//! ```
//!
//! A Close or a protocol error of the peer is held back until the messages received before it are
//! consumed. From the first Close on, one deadline runs until the TCP connection has ended.

use std::time::{Duration, Instant};

use super::ending::{ClosingHandshake, End, Grace, HeldEnd, PeerEnd};
use super::protocol::Protocol;
use super::timer::Expired;
use crate::buffer::SendBuffer;
use crate::close::CloseReason;
use crate::frame::{Frame, OpCode};
use crate::protocol_error::ProtocolError;

/// The shortest extension of the closing deadline for a peer that still receives, in milliseconds;
/// only the last one may be shorter.
const LEAST_STEP: u32 = 1000;

impl Protocol {
    /// Begins the closing handshake (RFC 6455 §7.1.2): nothing can be sent any more, and what the
    /// peer still sends can be received until its own Close or the closing deadline. Does nothing
    /// when it has begun already.
    ///
    /// The status code is mapped to the nearest one that the draft has; a draft without status
    /// codes sends none.
    pub(super) fn close(
        &mut self,
        reason: Option<CloseReason>,
        now: Instant,
        output: &mut SendBuffer,
    ) {
        if !self.closing.is_open() {
            return;
        }
        // A peer that has sent a Close may shut down its side of TCP, and still awaits our Close.
        let held = self.held_end.as_deref().map(|held| &held.end);
        let gone = self.input_ended && !matches!(held, Some(PeerEnd::Close(_)));
        self.closing = match (self.capabilities.close, gone) {
            (true, false) => {
                self.put_close(reason.as_ref(), output);
                ClosingHandshake::CloseSent
            }
            (true, true) => ClosingHandshake::Failed,
            (false, _) => ClosingHandshake::Closed(None),
        };
        self.limit_end(now, output);
        self.settle_held_end(output);
    }

    /// Sets the closing deadline, which counts from `now`, and returns it. It can be extended for
    /// as long as the bytes that were sent before need at the least rate.
    pub(super) fn limit_end(&mut self, now: Instant, output: &SendBuffer) -> Instant {
        let end = now + self.timers.closing();
        let step = milliseconds(self.timers.closing());
        let more = milliseconds(self.backlog.time(now, output.len()));
        self.end = End::Before(end, Grace { step, more });
        self.backlog.watch();
        end
    }

    /// Extends the closing deadline, which has passed, if the peer still receives what was sent
    /// before the end at the least rate. How many bytes are in transit between the two sockets is
    /// not known, so that an empty send buffer counts as received.
    ///
    /// # Errors
    /// [`Expired::Closing`] when it is not extended; the connection is over then.
    pub(super) fn extend_end(
        &mut self,
        Grace { step, more }: Grace,
        now: Instant,
        output: &SendBuffer,
    ) -> Result<(), Expired> {
        let passed = Duration::from_millis(step.into());
        if more == 0 || !(output.is_empty() || self.backlog.is_taken(passed)) {
            self.expire(Expired::Closing);
            return Err(Expired::Closing);
        }
        let step = milliseconds(self.timers.closing()).max(LEAST_STEP).min(more);
        // Counted from `now`: a late call must not shorten the next interval.
        let end = now + Duration::from_millis(step.into());
        self.end = End::Before(end, Grace { step, more: more - step });
        self.backlog.watch();
        Ok(())
    }

    /// Holds an end by the peer while the connection is open. Otherwise no replies can be sent,
    /// and the end takes effect at once. It replaces an end that is held already: an error that is
    /// found later was in a message that came before.
    pub(super) fn hold_end(&mut self, end: PeerEnd, output: &mut SendBuffer) {
        self.held_end = Some(Box::new(HeldEnd { end, until: None }));
        if !self.closing.is_open() {
            self.settle_held_end(output);
        }
    }

    /// Applies the held end, if there is one; the messages before it were consumed.
    ///
    /// # Errors
    /// How the peer broke the protocol; the connection has failed then.
    pub(super) fn take_held_end(&mut self, output: &mut SendBuffer) -> Result<(), ProtocolError> {
        let Some(held) = self.held_end.take() else {
            return Ok(());
        };
        match held.end {
            PeerEnd::Close(payload) => self.peer_closes(&payload, output),
            PeerEnd::Violation(error) => Err(error),
        }
        .inspect_err(|error| self.fail(*error, output))
    }

    /// Applies the held end, although messages before it are not consumed. A protocol error stays
    /// held, and is returned once they are.
    pub(super) fn settle_held_end(&mut self, output: &mut SendBuffer) {
        if let Err(error) = self.take_held_end(output) {
            let end = PeerEnd::Violation(error);
            self.held_end = Some(Box::new(HeldEnd { end, until: None }));
        }
    }

    /// Reports that the peer's side of the TCP connection has ended. The peer may still read what
    /// is sent. But where no Close of the peer came before, there is no closing handshake any more,
    /// because the peer cannot answer (RFC 6455 §7.1.5: the status code is 1006).
    pub(super) fn end_input(&mut self) {
        self.input_ended = true;
        if !self.closing.is_open() && !self.closing.is_over() {
            self.closing = ClosingHandshake::Failed;
        }
    }

    /// Reports that the socket has failed: nothing can be sent or received any more.
    pub(super) fn abandon(&mut self) {
        if !self.closing.is_over() {
            self.closing = ClosingHandshake::Failed;
        }
    }

    /// Ends the connection because a deadline has passed.
    pub(super) fn expire(&mut self, expired: Expired) {
        self.end = End::Expired(expired);
        self.abandon();
    }

    /// Fails the connection because the peer broke the protocol (RFC 6455 §7.1.7). A draft without
    /// status codes ends it without a Close.
    pub(super) fn fail(&mut self, error: ProtocolError, output: &mut SendBuffer) {
        self.held_end = None;
        if self.closing.is_over() {
            return;
        }
        if let Some(rules) = self.capabilities.status
            && self.closing.is_open()
        {
            let code = match error {
                ProtocolError::InvalidReason => rules.invalid_reason,
                _ => error.status(),
            };
            self.put_close(Some(&CloseReason::new(code, error.to_string())), output);
        }
        self.closing = ClosingHandshake::Failed;
    }

    /// RFC 6455 §5.5.1: a Close is answered with a Close that echoes its code.
    pub(super) fn peer_closes(
        &mut self,
        payload: &[u8],
        output: &mut SendBuffer,
    ) -> Result<(), ProtocolError> {
        let reason = match self.capabilities.status {
            Some(rules) => CloseReason::parse(payload, rules)?,
            None => None,
        };
        if self.closing.is_open() {
            let payload = reason.as_ref().map(|reason| reason.code().number().to_be_bytes());
            let payload = payload.as_ref().map_or(&[][..], |code| code);
            self.put(Frame::whole(OpCode::Close, payload), output);
        }
        self.closing = ClosingHandshake::Closed(reason.map(Box::new));
        Ok(())
    }

    fn put_close(&mut self, reason: Option<&CloseReason>, output: &mut SendBuffer) {
        let payload = match (reason, self.capabilities.status) {
            // A code that may not be sent is left out, for example one that a peer of an older
            // version gave.
            (Some(reason), Some(rules)) => {
                let reason = reason.under(rules);
                match (rules.accepts)(reason.code().number()) {
                    true => reason.payload(),
                    false => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        self.put(Frame::whole(OpCode::Close, &payload), output);
    }
}

/// A time in whole milliseconds, saturating.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
