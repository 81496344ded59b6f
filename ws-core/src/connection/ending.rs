//! The states of the end of a connection.

use std::time::{Duration, Instant};

use super::timer::Expired;
use crate::close::CloseReason;
use crate::protocol_error::ProtocolError;

/// The state of the closing handshake.
#[derive(Debug)]
pub(super) enum ClosingHandshake {
    /// Not begun.
    Open,
    /// We have sent a Close, and await the peer's.
    CloseSent,
    /// Both sides have sent a Close, or the draft ends a connection without one.
    Closed(Option<Box<CloseReason>>),
    /// The peer broke the protocol, did not answer or has closed TCP without a Close; nothing more
    /// is read from it.
    Failed,
}

/// The closing deadline: the TCP connection must have ended by then.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// There is none yet.
    Unlimited,
    /// It is at this time, and can be extended. Only once the closing handshake has begun.
    Before(Instant, Grace),
    /// A deadline has passed; nothing more is sent. Only once the closing handshake has begun or
    /// the connection has failed.
    Expired(Expired),
}

/// How far the closing deadline can be extended for a peer that still receives what was sent
/// before; in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grace {
    /// The time from the last check of the peer to the deadline.
    pub(super) step: u32,
    /// How much it can be extended beyond that. Each extension takes its step from here.
    pub(super) more: u32,
}

/// How long an end by the peer is held for the messages before it to be consumed.
pub(super) const HELD_TIME: Duration = Duration::from_secs(1);

/// How the peer has ended the connection, while messages before that are not consumed: replies to
/// them can still be sent (RFC 6455 §5.5.1 lets an endpoint delay its Close).
#[derive(Debug)]
pub(super) struct HeldEnd {
    pub(super) end: PeerEnd,
    /// Until when it is held. `None` until the first `poll_timeout` after it was set, which starts
    /// the time.
    pub(super) until: Option<Instant>,
}

/// How the peer ends a connection.
#[derive(Debug)]
pub(super) enum PeerEnd {
    /// By a Close with this payload.
    Close(Box<[u8]>),
    /// By breaking the protocol.
    Violation(ProtocolError),
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
