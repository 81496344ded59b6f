//! Frames in and out of bytes: the [`Codec`] of one connection.

use std::fmt::Debug;
use std::ops::Range;

use crate::close::StatusRules;
use crate::frame::{Frame, OpCode};
use crate::protocol_error::ProtocolError;

/// The framing of one connection: bytes to frames and back, with no socket and no clock.
///
/// A codec works on its caller's buffers. [`decode`](Codec::decode) changes the payload in
/// place (masks are taken off) and answers with its range, so a frame costs no allocation and
/// no copy.
pub trait Codec: Debug + Send {
    /// What this draft can express.
    fn capabilities(&self) -> Capabilities;

    /// Decodes what stands at the front of `input`: a frame, or as much of a data frame as is
    /// there. A long data frame is shown as fragments, so that memory follows what has
    /// arrived, never what was announced; RFC 6455 §5.4 allows that wherever no extension
    /// forbids it.
    ///
    /// `None` asks for more bytes behind those of `input`, which must all be shown again.
    ///
    /// # Errors
    /// [`ProtocolError`]; the codec must not be used for decoding after one.
    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError>;

    /// Appends a frame to `output`.
    ///
    /// # Errors
    /// [`EncodeError`] when the draft has no such frame; nothing is appended then.
    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Appends a data frame that no extension may change: a compressed secret tells its length.
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

    /// The payload of the fragment that [`decode`](Codec::decode) has just shown, where an
    /// extension has made another of the one in the input. Only a fragment without a payload in
    /// the input can have one.
    fn take_transformed(&mut self) -> Option<Transformed> {
        None
    }

    /// Tells that nobody takes data any more, until the peer's Close comes (RFC 6455 §1.4): what
    /// is work to decode may be left out of the fragments from here on.
    fn discard_data(&mut self) {}

    /// What to write around the payload of a whole data message of `len` bytes, where the
    /// payload itself goes out as it is. With it a long payload is written without a copy.
    /// `None` when the payload must pass through [`encode`](Codec::encode).
    fn envelope(&mut self, opcode: OpCode, len: usize) -> Option<Envelope> {
        let _ = (opcode, len);
        None
    }
}

/// What a draft can express. What it cannot is refused, not imitated.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    /// Binary messages.
    pub binary: bool,
    /// Ping and pong.
    pub ping: bool,
    /// Messages of several frames.
    pub fragments: bool,
    /// A Close frame; without it, closing is ending the TCP connection.
    pub close: bool,
    /// The status codes of the Close frame, if it carries any.
    pub status: Option<&'static StatusRules>,
    /// What happens to a text that is not UTF-8.
    pub invalid_text: InvalidText,
}

/// What happens to a text that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidText {
    /// The connection fails with status code 1007 or its nearest kin.
    Fail,
    /// Each invalid sequence becomes U+FFFD.
    Replace,
}

/// The outcome of a successful [`Codec::decode`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// How many bytes at the front of the input are done with.
    pub consumed: usize,
    /// What they held; `None` when the draft has them skipped.
    pub fragment: Option<Fragment>,
}

/// A frame, or a piece of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// The kind of frame; pieces behind the first of a frame are continuations.
    pub opcode: OpCode,
    /// Whether the message ends here.
    pub fin: bool,
    /// Where in the input the payload stands, unmasked. Where an extension has made another of
    /// it, this is empty: see [`Codec::take_transformed`].
    pub payload: Range<usize>,
    /// How many bytes of this frame are announced and have not arrived.
    pub remaining: u64,
}

/// What an extension has made of a piece of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transformed {
    /// What the piece stands for, which may be nothing.
    pub payload: Vec<u8>,
    /// Whether more comes out of what was consumed: [`decode`](Codec::decode) is to be called
    /// again, whether there is more input or not.
    pub more: bool,
    /// How many bytes on the wire were worked through for it.
    pub wire: usize,
}

/// What stands before and after a payload on the wire.
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

    /// What goes before the payload.
    pub fn head(&self) -> &[u8] {
        &self.head[..usize::from(self.head_len)]
    }

    /// What goes behind it.
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
    /// The payload is not UTF-8, and the draft can send nothing else.
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
            EncodeError::NotUtf8 => f.write_str("this version of the protocol carries UTF-8 alone"),
            EncodeError::LongControl => {
                f.write_str("a control frame carries no more than 125 bytes")
            }
        }
    }
}

impl std::error::Error for EncodeError {}
