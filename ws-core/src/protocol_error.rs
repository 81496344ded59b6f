//! Violations of the protocol by a peer.

/// How a peer broke the protocol.
// The tag has the size of a word, which avoids a failed store-to-load forward: with a tag of one
// byte, a `Result` of a message or this was written byte by byte and then copied word by word.
// That is how it is compiled today, and no part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A client's frame is not masked (RFC 6455 §5.1).
    Unmasked,
    /// A server's frame is masked (RFC 6455 §5.1).
    Masked,
    /// A reserved bit is set without an extension that defines it (RFC 6455 §5.2).
    ReservedBits(u8),
    /// A reserved opcode (RFC 6455 §5.2).
    ReservedOpcode(u8),
    /// A fragmented control frame (RFC 6455 §5.5).
    FragmentedControl,
    /// A control frame with more than 125 bytes of payload (RFC 6455 §5.5).
    LongControl,
    /// A payload length that is not encoded in the fewest bytes (RFC 6455 §5.2).
    NonMinimalLength,
    /// A payload length over 2^63 - 1 (RFC 6455 §5.2), or in hixie-76 one with too many digits.
    LengthOverflow,
    /// A continuation frame without a message to continue (RFC 6455 §5.4).
    LoneContinuation,
    /// A new message before the last fragment of another (RFC 6455 §5.4).
    InterleavedMessage,
    /// A text that is not UTF-8 (RFC 6455 §8.1).
    InvalidUtf8,
    /// A Close frame with a reason that is not UTF-8 (RFC 6455 §5.5.1).
    InvalidReason,
    /// A Close frame with a payload of one byte (RFC 6455 §5.5.1).
    CloseOfOneByte,
    /// A Close frame with a status code that may not be sent (RFC 6455 §7.4).
    CloseCode(u16),
    /// A frame over [`Limits::frame`](crate::Limits::frame).
    FrameTooBig {
        /// The limit, in bytes.
        limit: u64,
    },
    /// A message over [`Limits::message`](crate::Limits::message).
    MessageTooBig {
        /// The limit, in bytes.
        limit: usize,
    },
    /// More frames of reserved types than are tolerated.
    TooManyDiscarded,
    /// A binary message where the subprotocol only has text.
    UnexpectedBinary,
    /// A payload that cannot be decompressed (RFC 7692 §7.2.2).
    InvalidCompression,
    /// A message that is not base64, although its subprotocol requires it.
    InvalidBase64,
    /// An error that a draft outside this project defines.
    Other(&'static str),
}

impl std::fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProtocolError::Unmasked => f.write_str("a client's frame must be masked"),
            ProtocolError::Masked => f.write_str("a server's frame must not be masked"),
            ProtocolError::ReservedBits(bits) => {
                write!(f, "reserved bits {bits:#04x} without an extension")
            }
            ProtocolError::ReservedOpcode(opcode) => write!(f, "reserved opcode {opcode:#x}"),
            ProtocolError::FragmentedControl => f.write_str("a fragmented control frame"),
            ProtocolError::LongControl => f.write_str("a control frame of more than 125 bytes"),
            ProtocolError::NonMinimalLength => f.write_str("a length in more bytes than it needs"),
            ProtocolError::LengthOverflow => {
                f.write_str("a length over 2^63 - 1, or with too many digits")
            }
            ProtocolError::LoneContinuation => {
                f.write_str("a continuation without a message to continue")
            }
            ProtocolError::InterleavedMessage => {
                f.write_str("a new message before the end of another")
            }
            ProtocolError::InvalidUtf8 => f.write_str("a text that is not UTF-8"),
            ProtocolError::InvalidReason => {
                f.write_str("a Close frame with a reason that is not UTF-8")
            }
            ProtocolError::CloseOfOneByte => f.write_str("a Close frame with one byte"),
            ProtocolError::CloseCode(code) => {
                write!(f, "a Close frame with status code {code}, which may not be sent")
            }
            ProtocolError::FrameTooBig { limit } => {
                write!(f, "a frame exceeds the limit of {limit} bytes")
            }
            ProtocolError::MessageTooBig { limit } => {
                write!(f, "a message exceeds the limit of {limit} bytes")
            }
            ProtocolError::TooManyDiscarded => f.write_str("too many frames of reserved types"),
            ProtocolError::UnexpectedBinary => {
                f.write_str("a binary message, although the subprotocol only has text")
            }
            ProtocolError::InvalidCompression => {
                f.write_str("a compressed payload that cannot be decompressed")
            }
            ProtocolError::InvalidBase64 => f.write_str("a message is not padded base64"),
            ProtocolError::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ProtocolError {}
