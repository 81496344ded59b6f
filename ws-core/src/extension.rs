//! Extensions (RFC 6455 §9): negotiated in the opening handshake, applied by the codec.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::frame::OpCode;
use crate::protocol_error::ProtocolError;

/// An extension that a server, or a client, supports.
///
/// It is stateless, like a draft: the state of one connection is in the [`Transform`] that
/// [`accept`](Extension::accept) returns.
pub trait Extension: Debug + Send + Sync + 'static {
    /// Accepts or declines one element of the client's list. Where it is declined, the next one is
    /// tried. An element with an unknown, repeated or invalid parameter must be declined, because
    /// clients offer alternatives that way.
    fn accept(&self, offer: &ExtensionOffer<'_>) -> Option<Accepted>;
}

/// One element of `Sec-WebSocket-Extensions`: well-formed, and otherwise unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtensionOffer<'h> {
    /// The name of the extension.
    pub name: &'h str,
    /// Its parameters, in their order.
    pub parameters: Vec<Parameter<'h>>,
}

impl<'h> ExtensionOffer<'h> {
    /// An element with this name and these parameters.
    pub const fn new(name: &'h str, parameters: Vec<Parameter<'h>>) -> ExtensionOffer<'h> {
        ExtensionOffer { name, parameters }
    }
}

/// A parameter of an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter<'h> {
    /// Its name.
    pub name: &'h str,
    /// Its value, if it has one, without quotes and escapes.
    pub value: Option<Cow<'h, str>>,
}

impl<'h> Parameter<'h> {
    /// A parameter with this name, and with this value if there is one.
    pub const fn new(name: &'h str, value: Option<Cow<'h, str>>) -> Parameter<'h> {
        Parameter { name, value }
    }
}

/// An extension that both sides agree on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The element of the response's `Sec-WebSocket-Extensions`.
    pub response: String,
    /// The extension on this connection.
    pub transform: Box<dyn Transform>,
}

impl Accepted {
    /// An agreement with this element of the response.
    pub fn new(response: impl Into<String>, transform: Box<dyn Transform>) -> Accepted {
        Accepted { response: response.into(), transform }
    }
}

/// The first of the client's offers that one of the extensions accepts. A connection has at most
/// one extension: those that exist use the same reserved bit.
pub fn negotiate(
    extensions: &[Arc<dyn Extension>],
    offers: &[ExtensionOffer<'_>],
) -> Option<Accepted> {
    let accept = |offer| extensions.iter().find_map(|extension| extension.accept(offer));
    offers.iter().find_map(accept)
}

/// An extension on one connection: it encodes the payloads that the application sends, and decodes
/// those that are received.
///
/// It does not see control frames or masked payloads. Messages to be sent are always whole.
pub trait Transform: Debug + Send {
    /// Begins a data frame, and returns whether its payload must be
    /// [decoded](Transform::decode).
    ///
    /// # Errors
    /// [`ProtocolError::ReservedBits`] when a bit is set that has no meaning here.
    fn begin(&mut self, frame: FrameStart) -> Result<Coding, ProtocolError>;

    /// Decodes payload of the current frame, and appends the result to `output`: no more than fits
    /// into its capacity, which bounds the memory that a peer can use.
    ///
    /// # Errors
    /// [`ProtocolError`]; nothing more is decoded after one.
    fn decode(
        &mut self,
        input: &[u8],
        then: Then,
        output: &mut Vec<u8>,
    ) -> Result<Step, ProtocolError>;

    /// Appends the encoded payload of a whole message to `output`, for one frame. Returns the
    /// reserved bits of the frame; `None`, and nothing appended, to send the message as it is.
    fn encode(&mut self, message: &[u8], output: &mut Vec<u8>) -> Option<u8>;
}

/// The beginning of a data frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameStart {
    /// Text, binary or continuation.
    pub opcode: OpCode,
    /// RSV1, RSV2 and RSV3, in their places (`0x40`, `0x20`, `0x10`).
    pub reserved: u8,
}

impl FrameStart {
    /// The beginning of a frame of this kind, with these reserved bits.
    #[inline]
    pub const fn new(opcode: OpCode, reserved: u8) -> FrameStart {
        FrameStart { opcode, reserved }
    }
}

/// Whether a payload is encoded by the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// It is the payload that the application sees.
    Plain,
    /// It is encoded by the extension.
    Transformed,
}

/// What follows a part of a payload. Exhaustive: an extension has to handle each of them.
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
#[non_exhaustive]
pub struct Step {
    /// How many bytes of the input were consumed.
    pub consumed: usize,
    /// Whether all input is consumed and all its output was appended. If not, the next call gets
    /// the rest of the input, and an output with free capacity.
    pub done: bool,
}

impl Step {
    /// A step that consumed so many bytes, and is the last one of this input if `done`.
    #[inline]
    pub const fn new(consumed: usize, done: bool) -> Step {
        Step { consumed, done }
    }
}

/// How many bytes of payload passed through the extension of one connection, on either side of it.
#[derive(Debug, Default)]
pub struct Traffic {
    received: AtomicU64,
    received_on_wire: AtomicU64,
    sent: AtomicU64,
    sent_on_wire: AtomicU64,
}

impl Traffic {
    /// The decoded payload that the application received.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The encoded payload that was received.
    pub fn received_on_wire(&self) -> u64 {
        self.received_on_wire.load(Ordering::Relaxed)
    }

    /// The payload that the application sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The encoded payload that was sent.
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

/// Adds to a counter. Only one connection writes it, so that the load and the store need not be one
/// atomic operation.
fn add(counter: &AtomicU64, count: usize) {
    counter.store(counter.load(Ordering::Relaxed) + count as u64, Ordering::Relaxed);
}
