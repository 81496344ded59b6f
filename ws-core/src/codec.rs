//! Decoding and encoding of frames: the [`Codec`] of one connection.

use std::fmt::Debug;
use std::ops::Range;

use crate::close::StatusRules;
use crate::frame::{Frame, OpCode};
use crate::protocol_error::ProtocolError;

/// The framing of one connection: bytes to frames and back, without I/O and without a clock.
///
/// A codec works on its caller's buffers. [`decode`](Codec::decode) unmasks the payload in place
/// and returns its range, so that a frame costs no allocation and no copy.
pub trait Codec: Debug + Send {
    /// What this draft can express.
    fn capabilities(&self) -> Capabilities;

    /// Decodes the front of `input`: a frame, or the part of a data frame that has arrived. A frame
    /// that is not complete is returned as fragments, so that memory depends on what has arrived
    /// and not on the announced length; RFC 6455 §5.4 allows that where no extension forbids it.
    ///
    /// `None` asks for more bytes: the next call must get the same `input`, with more bytes after
    /// it.
    ///
    /// # Errors
    /// [`ProtocolError`]; the codec must not decode after one.
    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError>;

    /// Appends a frame to `output`.
    ///
    /// # Errors
    /// [`EncodeError`] when the draft has no such frame; nothing is appended then.
    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Appends a data frame without passing it through an extension; see
    /// [`Outgoing::uncompressed`](crate::Outgoing::uncompressed).
    ///
    /// # Errors
    /// [`EncodeError`], as with [`encode`](Codec::encode).
    fn encode_plain(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode(frame, output)
    }

    /// Whether the payload of messages passes through an extension.
    fn is_extended(&self) -> bool {
        false
    }

    /// Takes the payload of the fragment that [`decode`](Codec::decode) has returned last, where an
    /// extension has decoded it. Only a fragment whose payload in the input is empty can have one.
    fn take_transformed(&mut self) -> Option<Transformed> {
        None
    }

    /// Reports that data is discarded from now on, until the peer's Close comes (RFC 6455 §1.4):
    /// the codec may leave out payloads that cost work to decode.
    fn discard_data(&mut self) {}

    /// The bytes to write before and after the payload of an unfragmented message of `len` bytes,
    /// where the payload itself is sent unchanged. They allow to write a long payload without a
    /// copy. `None` when the payload must pass through [`encode`](Codec::encode).
    fn envelope(&mut self, opcode: OpCode, len: usize) -> Option<Envelope> {
        let _ = (opcode, len);
        None
    }
}

/// What a draft can express. What it cannot express is refused, not emulated.
///
/// ```
/// use ws_core::{Capabilities, InvalidText};
///
/// // hixie-76: texts, which may be invalid, and a Close without a status code.
/// let capabilities = Capabilities::new().with_close().with_invalid_text(InvalidText::Replace);
/// # assert!(capabilities.close && !capabilities.binary && capabilities.status.is_none());
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Capabilities {
    /// Binary messages.
    pub binary: bool,
    /// Ping and pong.
    pub ping: bool,
    /// Messages of several frames (RFC 6455 §5.4).
    pub fragments: bool,
    /// A Close frame; without it, a connection is closed by ending the TCP connection.
    pub close: bool,
    /// The status codes of the Close frame, if it carries any.
    pub status: Option<&'static StatusRules>,
    /// What happens to a text that is not UTF-8.
    pub invalid_text: InvalidText,
}

impl Capabilities {
    /// Texts of one frame, and nothing else; a text that is not UTF-8
    /// [fails](InvalidText::Fail) the connection.
    pub const fn new() -> Capabilities {
        Capabilities {
            binary: false,
            ping: false,
            fragments: false,
            close: false,
            status: None,
            invalid_text: InvalidText::Fail,
        }
    }

    /// These capabilities, and [`binary`](Capabilities::binary).
    #[must_use]
    pub const fn with_binary(self) -> Capabilities {
        Capabilities { binary: true, ..self }
    }

    /// These capabilities, and [`ping`](Capabilities::ping).
    #[must_use]
    pub const fn with_ping(self) -> Capabilities {
        Capabilities { ping: true, ..self }
    }

    /// These capabilities, and [`fragments`](Capabilities::fragments).
    #[must_use]
    pub const fn with_fragments(self) -> Capabilities {
        Capabilities { fragments: true, ..self }
    }

    /// These capabilities, and [`close`](Capabilities::close) without a status code.
    #[must_use]
    pub const fn with_close(self) -> Capabilities {
        Capabilities { close: true, ..self }
    }

    /// These capabilities, and [`close`](Capabilities::close) with
    /// [status codes](Capabilities::status).
    #[must_use]
    pub const fn with_status(self, rules: &'static StatusRules) -> Capabilities {
        Capabilities { close: true, status: Some(rules), ..self }
    }

    /// These capabilities, with another [`invalid_text`](Capabilities::invalid_text).
    #[must_use]
    pub const fn with_invalid_text(self, invalid_text: InvalidText) -> Capabilities {
        Capabilities { invalid_text, ..self }
    }
}

impl Default for Capabilities {
    fn default() -> Capabilities {
        Capabilities::new()
    }
}

/// What happens to a text that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidText {
    /// The connection fails with status code 1007, or the nearest one that the draft has.
    Fail,
    /// Each invalid sequence becomes U+FFFD.
    Replace,
}

/// The outcome of a successful [`Codec::decode`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// How many bytes at the front of the input were consumed.
    pub consumed: usize,
    /// What they contained; `None` when the draft requires to skip them.
    pub fragment: Option<Fragment>,
}

impl Decoded {
    /// A fragment, in the first `consumed` bytes of the input.
    #[inline]
    pub const fn new(consumed: usize, fragment: Fragment) -> Decoded {
        Decoded { consumed, fragment: Some(fragment) }
    }

    /// Nothing but `consumed` bytes that are skipped.
    #[inline]
    pub const fn skipped(consumed: usize) -> Decoded {
        Decoded { consumed, fragment: None }
    }
}

/// A frame, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fragment {
    /// The kind of frame; the parts of a frame after the first are continuations.
    pub opcode: OpCode,
    /// Whether the message ends here.
    pub fin: bool,
    /// The range of the payload in the input, unmasked. Where an extension has decoded the payload,
    /// it is empty: see [`Codec::take_transformed`].
    pub payload: Range<usize>,
    /// How many payload bytes of this frame have not arrived.
    pub remaining: u64,
}

impl Fragment {
    /// A frame, or the last part of one: nothing of it [remains](Fragment::remaining).
    #[inline]
    pub const fn new(opcode: OpCode, fin: bool, payload: Range<usize>) -> Fragment {
        Fragment { opcode, fin, payload, remaining: 0 }
    }

    /// This fragment, with another [`remaining`](Fragment::remaining).
    #[inline]
    #[must_use]
    pub const fn with_remaining(self, bytes: u64) -> Fragment {
        Fragment { remaining: bytes, ..self }
    }
}

/// A part of a payload that an extension has decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transformed {
    /// The decoded bytes; may be empty.
    pub payload: Vec<u8>,
    /// Whether the extension has more output for the consumed input: call
    /// [`decode`](Codec::decode) again, even without more input.
    pub more: bool,
    /// How many bytes on the wire were decoded for it.
    pub wire: usize,
}

impl Transformed {
    /// All output for `wire` bytes.
    #[inline]
    pub const fn new(payload: Vec<u8>, wire: usize) -> Transformed {
        Transformed { payload, more: false, wire }
    }

    /// This output, with another [`more`](Transformed::more).
    #[inline]
    #[must_use]
    pub const fn with_more(mut self, more: bool) -> Transformed {
        self.more = more;
        self
    }
}

/// The bytes before and after a payload on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    head: [u8; 10],
    head_len: u8,
    tail: &'static [u8],
}

impl Envelope {
    /// An envelope; `None` for a head of more than 10 bytes.
    pub fn new(head: &[u8], tail: &'static [u8]) -> Option<Envelope> {
        let mut bytes = [0; 10];
        bytes.get_mut(..head.len())?.copy_from_slice(head);
        Some(Envelope { head: bytes, head_len: head.len() as u8, tail })
    }

    /// The bytes before the payload.
    pub fn head(&self) -> &[u8] {
        &self.head[..usize::from(self.head_len)]
    }

    /// The bytes after the payload.
    pub fn tail(&self) -> &'static [u8] {
        self.tail
    }
}

/// Why a frame cannot be sent in a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The draft has no such frame; see [`Capabilities`].
    Unsupported(OpCode),
    /// The payload is not UTF-8, and the draft can only send UTF-8.
    NotUtf8,
    /// A control frame of more than 125 bytes.
    LongControl,
}

impl std::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EncodeError::Unsupported(opcode) => {
                write!(f, "this version of the protocol has no {opcode} frames")
            }
            EncodeError::NotUtf8 => f.write_str("this version of the protocol only carries UTF-8"),
            EncodeError::LongControl => f.write_str("a control frame carries at most 125 bytes"),
        }
    }
}

impl std::error::Error for EncodeError {}
