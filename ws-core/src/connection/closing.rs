//! The closing handshake (RFC 6455 §7) as a state machine.
//!
//! ```text
//!             we close                peer's Close
//!   Open ───────────────▶ CloseSent ───────────────▶ Closed
//!    │                        │                        ▲
//!    ├── peer's Close, answered ───────────────────────┘
//!    │                        │
//!    └────────────────────────┴── the protocol is broken, a deadline ──▶ Failed
//!                                 has passed, or the peer is gone
//! ```
//!
//! What the peer does is held back while messages that came before it are not taken. From the first
//! Close on, one deadline runs until the TCP connection has ended.

use std::time::{Duration, Instant};

use super::ending::{ClosingHandshake, End, Grace, HeldEnd, PeerEnd};
use super::protocol::Protocol;
use super::timer::Expired;
use crate::buffer::SendBuffer;
use crate::close::CloseReason;
use crate::frame::{Frame, OpCode};
use crate::protocol_error::ProtocolError;

/// How many milliseconds a peer that takes what was sent is given at least at once.
const LEAST_STEP: u32 = 1000;

impl Protocol {
    /// Begins the closing handshake: nothing can be sent any more, what the peer still sends
    /// can be received until its own Close or the closing deadline. Does nothing when it has
    /// begun already.
    ///
    /// The status code is mapped to the nearest one the draft has; a draft without status
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
        // Who has sent a Close may end its side, and still awaits ours.
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

    /// Limits the time of the end, which begins now, and answers when it is over. What was sent
    /// before has time to arrive, if the peer takes it at the least rate.
    pub(super) fn limit_end(&mut self, now: Instant, output: &SendBuffer) -> Instant {
        let end = now + self.timers.closing();
        let step = milliseconds(self.timers.closing());
        let more = milliseconds(self.backlog.time(now, output.len()));
        self.end = End::Before(end, Grace { step, more });
        self.backlog.watch();
        end
    }

    /// Extends the time of the end, whose limit has passed: for as long as the peer takes what was
    /// sent before its end as fast as it should. Of what lies between its socket and ours nobody
    /// knows.
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
        // From now on: a look that comes late must not make the next one early.
        let end = now + Duration::from_millis(step.into());
        self.end = End::Before(end, Grace { step, more: more - step });
        self.backlog.watch();
        Ok(())
    }

    /// Keeps an end that the peer has made, if the connection is open. Otherwise nothing more can
    /// be sent, and the end is made at once. It takes the place of another: what is found later
    /// was in a message that came before.
    pub(super) fn hold_end(&mut self, end: PeerEnd, output: &mut SendBuffer) {
        self.held_end = Some(Box::new(HeldEnd { end, until: None }));
        if !self.closing.is_open() {
            self.settle_held_end(output);
        }
    }

    /// Makes the end that was held, if there is one; what came before it was taken.
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

    /// Makes the end that was held. How the peer broke the protocol is told to whoever takes what
    /// came before.
    pub(super) fn settle_held_end(&mut self, output: &mut SendBuffer) {
        if let Err(error) = self.take_held_end(output) {
            let end = PeerEnd::Violation(error);
            self.held_end = Some(Box::new(HeldEnd { end, until: None }));
        }
    }

    /// Tells that the peer's side of the TCP connection has ended. What is sent may still
    /// find a reader; but without a Close before there is no closing handshake any more, for nobody
    /// would answer (RFC 6455 §7.1.5: the status code is 1006).
    pub(super) fn end_input(&mut self) {
        self.input_ended = true;
        if !self.closing.is_open() && !self.closing.is_over() {
            self.closing = ClosingHandshake::Failed;
        }
    }

    /// The socket has failed: nothing can be said or heard any more.
    pub(super) fn abandon(&mut self) {
        if !self.closing.is_over() {
            self.closing = ClosingHandshake::Failed;
        }
    }

    pub(super) fn expire(&mut self, expired: Expired) {
        self.end = End::Expired(expired);
        self.abandon();
    }

    /// Ends the connection because the peer broke the protocol (RFC 6455 §7.1.7). Drafts
    /// without status codes have no word for it and just end.
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
            // A code that may not be sent, such as one that a peer of an old version gave, is
            // left out.
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

/// A time in whole milliseconds.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
