//! Frames: their opcodes, the header that the HyBi drafts share, and masking.

mod header;
mod mask;

pub(crate) use header::MAX_HEADER_BYTES;
pub use header::{FrameHeader, HeaderBytes, MAX_CONTROL_PAYLOAD, ParsedHeader};
pub use mask::MaskingKey;

/// The kind of a frame (RFC 6455 §5.2). Drafts with other framing map their frames to it.
///
/// Exhaustive: a codec has to decide about each kind, and no version of the protocol has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpCode {
    /// A further fragment of a message.
    Continuation = 0x0,
    /// A text message or its first fragment.
    Text = 0x1,
    /// A binary message or its first fragment.
    Binary = 0x2,
    /// A Close: begins or answers the closing handshake (RFC 6455 §5.5.1).
    Close = 0x8,
    /// A ping, which the peer answers with a pong (RFC 6455 §5.5.2).
    Ping = 0x9,
    /// A pong (RFC 6455 §5.5.3).
    Pong = 0xa,
}

impl OpCode {
    /// The opcode of this number; `None` for a reserved one.
    pub fn from_bits(bits: u8) -> Option<OpCode> {
        Some(match bits {
            0x0 => OpCode::Continuation,
            0x1 => OpCode::Text,
            0x2 => OpCode::Binary,
            0x8 => OpCode::Close,
            0x9 => OpCode::Ping,
            0xa => OpCode::Pong,
            _ => return None,
        })
    }

    /// The number on the wire.
    #[inline]
    pub fn bits(self) -> u8 {
        self as u8
    }

    /// Whether this is a control frame (RFC 6455 §5.5).
    #[inline]
    pub fn is_control(self) -> bool {
        self.bits() & 0x8 != 0
    }
}

impl std::fmt::Display for OpCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            OpCode::Continuation => "continuation",
            OpCode::Text => "text",
            OpCode::Binary => "binary",
            OpCode::Close => "close",
            OpCode::Ping => "ping",
            OpCode::Pong => "pong",
        })
    }
}

/// A frame to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame<'p> {
    /// The kind.
    pub opcode: OpCode,
    /// Whether the message ends here.
    pub fin: bool,
    /// The payload, not masked.
    pub payload: &'p [u8],
}

impl<'p> Frame<'p> {
    /// A frame of a message, the last one if `fin`.
    #[inline]
    pub const fn new(opcode: OpCode, fin: bool, payload: &'p [u8]) -> Frame<'p> {
        Frame { opcode, fin, payload }
    }

    /// An unfragmented message, or a control frame.
    #[inline]
    pub const fn whole(opcode: OpCode, payload: &'p [u8]) -> Frame<'p> {
        Frame::new(opcode, true, payload)
    }
}
