//! What has come.

use std::ops::Range;

use crate::codec::Transformed;
use crate::message::MessageKind;

/// An extension's work is interrupted after so many steps, or so many bytes that went into them or
/// came out.
const MOST_STEPS: usize = 16;
const MOST_WIRE: usize = 1024;
const MOST_DECODED: usize = 16 * 1024;

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<T> {
    /// Something to take.
    Data(T),
    /// Nothing more: read from the socket.
    Starved,
    /// An extension has worked for this and has more to do: ask again, when others had their turn.
    Working,
    /// Nothing more, until what was received before is taken; see [`Untaken`].
    Held,
    /// The connection is over: send what waits, then end the TCP connection.
    Closed,
}

/// Whether messages that came before are still to be taken.
///
/// While there are some, a Close of the peer, or what breaks the protocol, is not acted on: replies
/// to those messages still go out. That lasts a second at most, then
/// [`handle_timeout`](super::Connection::handle_timeout) ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untaken {
    /// All were taken.
    Nothing,
    /// Some were not.
    Some,
}

/// A fragment of a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The kind of message.
    pub kind: MessageKind,
    /// Whether the message begins here.
    pub first: bool,
    /// Whether it ends here.
    pub fin: bool,
    /// What it carries.
    pub payload: Payload,
}

/// The payload of a fragment.
#[derive(Debug, PartialEq, Eq)]
pub enum Payload {
    /// What lies here in the memory that was received into: see
    /// [`Connection::bytes`](super::Connection::bytes).
    Stored(Range<usize>),
    /// What an extension has made.
    Made(Vec<u8>),
}

/// What extensions have done; the sizes are bytes of payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// In how many steps they have decoded.
    pub steps: usize,
    /// What they have decoded, as it was on the wire.
    pub wire: usize,
    /// What they have made of it.
    pub decoded: usize,
    /// What they were given to encode.
    pub encoded: usize,
}

impl Work {
    #[inline]
    pub(super) fn count(&mut self, transformed: &Transformed) {
        self.steps += 1;
        self.wire += transformed.wire;
        self.decoded += transformed.payload.len();
    }

    #[inline]
    pub(super) fn is_much(&self) -> bool {
        self.steps >= MOST_STEPS || self.wire >= MOST_WIRE || self.decoded >= MOST_DECODED
    }
}
