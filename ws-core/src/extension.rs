//! Extensions (RFC 6455 §9): agreed on in the opening handshake, at work inside the codec.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::frame::OpCode;
use crate::protocol_error::ProtocolError;

/// An extension that a server, or a client, is ready to use.
///
/// It is stateless, like a draft: what belongs to one connection is the [`Transform`] that
/// [`accept`](Extension::accept) makes.
pub trait Extension: Debug + Send + Sync + 'static {
    /// Accepts one element of the client's list, or declines it; the next one is asked about
    /// then. An element with a parameter that is not known, repeated or out of range is
    /// declined, for that is how clients offer alternatives.
    fn accept(&self, offer: &ExtensionOffer<'_>) -> Option<Accepted>;
}

/// One element of `Sec-WebSocket-Extensions`: well-formed, and otherwise unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionOffer<'h> {
    /// The name of the extension.
    pub name: &'h str,
    /// Its parameters, in their order.
    pub parameters: Vec<Parameter<'h>>,
}

/// A parameter of an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter<'h> {
    /// Its name.
    pub name: &'h str,
    /// Its value, if it has one, without quotes and escapes.
    pub value: Option<Cow<'h, str>>,
}

/// An extension that both sides agree on.
#[derive(Debug)]
pub struct Accepted {
    /// The element of the response's `Sec-WebSocket-Extensions`.
    pub response: String,
    /// What it does on this connection.
    pub transform: Box<dyn Transform>,
}

/// The first of the client's offers that one of the extensions accepts. A connection has no more
/// than one: those in use claim the same reserved bit.
pub fn negotiate(
    extensions: &[Arc<dyn Extension>],
    offers: &[ExtensionOffer<'_>],
) -> Option<Accepted> {
    let accept = |offer| extensions.iter().find_map(|extension| extension.accept(offer));
    offers.iter().find_map(accept)
}

/// An extension at work on one connection: it puts other payloads on the wire than those that
/// the application sends, and takes them back.
///
/// Control frames are none of its business. It never sees a mask, and never half a message to be
/// sent.
pub trait Transform: Debug + Send {
    /// Takes note of a data frame that begins, and tells whether its payload is to be
    /// [decoded](Transform::decode).
    ///
    /// # Errors
    /// [`ProtocolError::ReservedBits`] when one is set that means nothing here.
    fn begin(&mut self, frame: FrameStart) -> Result<Coding, ProtocolError>;

    /// Decodes payload of the frame that has begun, and appends what it stands for to `output`:
    /// no more than fits into its capacity, which bounds the memory that a peer can take.
    ///
    /// # Errors
    /// [`ProtocolError`]; nothing more is decoded after one.
    fn decode(
        &mut self,
        input: &[u8],
        then: Then,
        output: &mut Vec<u8>,
    ) -> Result<Step, ProtocolError>;

    /// Appends to `output` what stands for a whole message on the wire, in one frame. The answer
    /// is the frame's reserved bits; `None`, and nothing appended, sends the message as it is.
    fn encode(&mut self, message: &[u8], output: &mut Vec<u8>) -> Option<u8>;
}

/// The beginning of a data frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameStart {
    /// Text, binary or continuation.
    pub opcode: OpCode,
    /// RSV1, RSV2 and RSV3, in their places (`0x40`, `0x20`, `0x10`).
    pub reserved: u8,
}

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// What the application is to see.
    Plain,
    /// What the extension has made of it.
    Transformed,
}

/// What follows a piece of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// More of the same frame.
    More,
    /// The end of the frame, and more frames of the same message.
    EndOfFrame,
    /// The end of the frame and of the message.
    EndOfMessage,
}

/// The outcome of a successful [`Transform::decode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many bytes of the input are done with.
    pub consumed: usize,
    /// Whether all that the input stands for was appended. If not, the rest of it is shown again,
    /// with room in the output.
    pub done: bool,
}

/// What an extension made of the messages of one connection, in bytes of payload.
#[derive(Debug, Default)]
pub struct Traffic {
    received: AtomicU64,
    received_on_wire: AtomicU64,
    sent: AtomicU64,
    sent_on_wire: AtomicU64,
}

impl Traffic {
    /// What the application received.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// What came for it.
    pub fn received_on_wire(&self) -> u64 {
        self.received_on_wire.load(Ordering::Relaxed)
    }

    /// What the application sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// What went out for it.
    pub fn sent_on_wire(&self) -> u64 {
        self.sent_on_wire.load(Ordering::Relaxed)
    }

    pub(crate) fn count_received(&self, wire: usize, plain: usize) {
        add(&self.received_on_wire, wire);
        add(&self.received, plain);
    }

    pub(crate) fn count_sent(&self, plain: usize, wire: usize) {
        add(&self.sent, plain);
        add(&self.sent_on_wire, wire);
    }
}

/// One connection alone counts, so this is no race.
fn add(counter: &AtomicU64, count: usize) {
    counter.store(counter.load(Ordering::Relaxed) + count as u64, Ordering::Relaxed);
}
