//! The closing handshake (RFC 6455 §7) as a state machine.
//!
//! ```text
//!             we close                peer's Close
//!   Open ───────────────▶ CloseSent ───────────────▶ Closed
//!    │                                                 ▲
//!    ├── peer's Close, answered ───────────────────────┤
//!    └── the protocol is broken, a deadline passed, ──▶ Failed
//!        or the peer has ended without a Close
//! ```
//!
//! From the first Close on, one deadline runs until the TCP connection has ended.

use std::time::Instant;

use super::{Connection, Expired};
use crate::buffer::SendBuffer;
use crate::close::CloseReason;
use crate::frame::{Frame, OpCode};
use crate::protocol_error::ProtocolError;

/// How far the closing handshake is.
#[derive(Debug)]
pub(super) enum ClosingHandshake {
    /// Not begun.
    Open,
    /// Our Close is out, the peer's is awaited.
    CloseSent,
    /// Both are out, or the draft ends a connection without any.
    Closed(Option<Box<CloseReason>>),
    /// The peer broke the protocol, kept silent or is gone; nothing more is read from it.
    Failed,
}

/// When the end of the connection must be over.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// No limit yet.
    Unlimited,
    /// The TCP connection has until then to end.
    Before(Instant),
    /// The time is over; nothing more is done for the peer.
    Expired(Expired),
}

impl ClosingHandshake {
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        matches!(self, ClosingHandshake::Open)
    }

    #[inline]
    pub(super) fn is_over(&self) -> bool {
        !matches!(self, ClosingHandshake::Open | ClosingHandshake::CloseSent)
    }
}

impl Connection {
    /// Begins the closing handshake: nothing can be sent any more, what the peer still sends
    /// can be received until its own Close or the closing deadline. Does nothing when it has
    /// begun already.
    ///
    /// The status code is mapped to the nearest one the draft has; a draft without status
    /// codes sends none.
    pub fn close(&mut self, reason: Option<CloseReason>, now: Instant, output: &mut SendBuffer) {
        if !self.closing.is_open() {
            return;
        }
        self.closing = match (self.capabilities.close, self.input_ended) {
            (true, false) => {
                self.put_close(reason.as_ref(), output);
                ClosingHandshake::CloseSent
            }
            (true, true) => ClosingHandshake::Failed,
            (false, _) => ClosingHandshake::Closed(None),
        };
        self.limit_end(now);
    }

    /// Begins to count the time the end of the connection may take, if it is ending and does
    /// not count yet. Call it when the connection is no longer open: what the peer sends can
    /// end it, and brings no time with it.
    pub fn limit_end(&mut self, now: Instant) {
        if !self.closing.is_open() && matches!(self.end, End::Unlimited) {
            self.end = End::Before(now + self.timers.closing());
        }
    }

    /// Tells that the peer's side of the TCP connection has ended, and no Close came before. What
    /// is sent may still find a reader; but there is no closing handshake any more, for nobody
    /// would answer (RFC 6455 §7.1.5: the status code is 1006).
    pub fn end_input(&mut self) {
        self.input_ended = true;
        if !self.closing.is_open() && !self.closing.is_over() {
            self.closing = ClosingHandshake::Failed;
        }
    }

    /// Whether the peer's side of the TCP connection has ended, and no Close came before.
    pub fn has_input_ended(&self) -> bool {
        self.input_ended
    }

    pub(super) fn expire(&mut self, expired: Expired) {
        self.end = End::Expired(expired);
        if !self.closing.is_over() {
            self.closing = ClosingHandshake::Failed;
        }
    }

    /// Ends the connection because the peer broke the protocol (RFC 6455 §7.1.7). Drafts
    /// without status codes have no word for it and just end.
    pub fn fail(&mut self, error: ProtocolError, output: &mut SendBuffer) {
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

    /// Whether the closing handshake has not begun.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.closing.is_open()
    }

    /// Whether nothing more is to be received: send what waits and end the TCP connection.
    pub fn is_over(&self) -> bool {
        self.closing.is_over()
    }

    /// Which deadline has passed, if one has: end the TCP connection and send nothing more.
    pub fn expired(&self) -> Option<Expired> {
        match self.end {
            End::Expired(expired) => Some(expired),
            _ => None,
        }
    }

    /// Whether the connection ended in the way of its draft: by the peer's Close, or by nothing
    /// but the end of TCP where the draft has no other.
    pub fn is_closed_cleanly(&self) -> bool {
        matches!(self.closing, ClosingHandshake::Closed(_))
    }

    /// What the peer gave as the reason in its Close, if it gave any (RFC 6455 §7.1.5).
    pub fn peer_reason(&self) -> Option<&CloseReason> {
        match &self.closing {
            ClosingHandshake::Closed(reason) => reason.as_deref(),
            _ => None,
        }
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
