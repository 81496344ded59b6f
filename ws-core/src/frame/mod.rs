//! Frames: their opcodes, the header that the HyBi drafts share, and masking.

mod header;
mod mask;

pub use header::{FrameHeader, MAX_CONTROL_PAYLOAD, ParsedHeader};
pub use mask::MaskingKey;

/// The kind of a frame (RFC 6455 §5.2). Drafts with other framing use the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpCode {
    /// A further fragment of a message.
    Continuation,
    /// A text message or its first fragment.
    Text,
    /// A binary message or its first fragment.
    Binary,
    /// The closing handshake.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to it.
    Pong,
}

impl OpCode {
    /// The opcode of this number, if it has a meaning.
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
    pub fn bits(self) -> u8 {
        match self {
            OpCode::Continuation => 0x0,
            OpCode::Text => 0x1,
            OpCode::Binary => 0x2,
            OpCode::Close => 0x8,
            OpCode::Ping => 0x9,
            OpCode::Pong => 0xa,
        }
    }

    /// Whether this is a control frame (RFC 6455 §5.5).
    pub fn is_control(self) -> bool {
        matches!(self, OpCode::Close | OpCode::Ping | OpCode::Pong)
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
pub struct Frame<'p> {
    /// The kind.
    pub opcode: OpCode,
    /// Whether the message ends here.
    pub fin: bool,
    /// The payload, not masked.
    pub payload: &'p [u8],
}

impl<'p> Frame<'p> {
    /// A whole message, or a control frame.
    pub fn whole(opcode: OpCode, payload: &'p [u8]) -> Frame<'p> {
        Frame { opcode, fin: true, payload }
    }
}
