//! How far the end of a connection is.

use std::time::{Duration, Instant};

use super::timer::Expired;
use crate::close::CloseReason;
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
    /// The TCP connection has until then, and may get more time.
    Before(Instant, Grace),
    /// The time is over; nothing more is done for the peer.
    Expired(Expired),
}

/// How a limit may be extended, if the peer still takes what was sent before; in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grace {
    /// How long it is from the last look at the peer to the limit.
    pub(super) step: u32,
    /// How much time there is behind that.
    pub(super) more: u32,
}

/// How long an end that the peer has made waits for the messages before it to be taken.
pub(super) const HELD_TIME: Duration = Duration::from_secs(1);

/// How the peer has ended the connection, while messages before that are not taken: replies to
/// them still go out (RFC 6455 §5.5.1 lets an endpoint delay its Close).
#[derive(Debug)]
pub(super) struct HeldEnd {
    pub(super) end: PeerEnd,
    /// When it is not held any longer; counted from the first time that somebody asks.
    pub(super) until: Option<Instant>,
}

/// How a peer ends a connection.
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
