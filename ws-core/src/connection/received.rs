//! The outcome of receiving.

use std::ops::Range;

use crate::codec::Transformed;
use crate::message::MessageKind;

/// The work of an extension is interrupted after this many steps, this many bytes of input, or this
/// many bytes of output.
const MOST_STEPS: usize = 16;
const MOST_WIRE: usize = 1024;
const MOST_DECODED: usize = 16 * 1024;

/// The outcome of a call that receives. Exhaustive: its caller has to act on each of them.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<T> {
    /// A batch of messages, or a fragment.
    Data(T),
    /// More bytes are needed: read from the socket.
    Starved,
    /// The work of an extension was interrupted, so that other connections get their turn: call
    /// again later.
    Working,
    /// Nothing more before earlier messages are consumed; see [`Untaken`].
    Held,
    /// The connection is over: write what is unsent, then end the TCP connection.
    Closed,
}

/// Whether messages that were received before are not consumed by the caller yet. Exhaustive: it is
/// a yes or a no.
///
/// While there are some, a Close or a protocol error of the peer takes no effect, so that replies
/// to those messages can still be sent. This lasts a second at most, until
/// [`handle_timeout`](super::Connection::handle_timeout) ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untaken {
    /// All are consumed.
    Nothing,
    /// Some are not.
    Some,
}

/// A fragment of a message.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedFragment {
    /// The kind of message.
    pub kind: MessageKind,
    /// Whether the message begins here.
    pub first: bool,
    /// Whether it ends here.
    pub fin: bool,
    /// The payload.
    pub payload: Payload,
}

/// The payload of a fragment. Exhaustive: its receiver has to find it.
#[derive(Debug, PartialEq, Eq)]
pub enum Payload {
    /// A range of the lent buffer: see [`Connection::bytes`](super::Connection::bytes).
    Stored(Range<usize>),
    /// The output of an extension.
    Made(Vec<u8>),
}

/// The work of extensions; the sizes are bytes of payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// The number of decoding steps.
    pub steps: usize,
    /// The input of decoding, as it was on the wire.
    pub wire: usize,
    /// The output of decoding.
    pub decoded: usize,
    /// The input of encoding.
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
