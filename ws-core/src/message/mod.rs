//! Messages: what applications exchange (RFC 6455 §5.6).

mod as_message;
mod batch;
mod contents;
mod outgoing;

use bytes::Bytes;
use bytestring::ByteString;

use crate::frame::OpCode;

pub use as_message::AsMessage;
pub use batch::Batch;
pub(crate) use contents::Assembled;
pub(crate) use contents::Contents;
pub(crate) use outgoing::Compression;
pub use outgoing::Outgoing;

/// An owned message, cheap to clone.
///
/// Exhaustive: in every version of the protocol a message is text or binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(ByteString),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// A text message.
    pub fn text(text: impl Into<ByteString>) -> Message {
        Message::Text(text.into())
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Message {
        Message::Binary(bytes.into())
    }

    /// The payload, of either kind.
    pub fn as_bytes(&self) -> &[u8] {
        MessageRef::from(self).as_bytes()
    }

    /// The payload, of either kind, without a copy.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// The text of a text message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// The text of a text message, without a copy.
    ///
    /// # Errors
    /// The message itself, when it is binary.
    pub fn into_text(self) -> Result<ByteString, Message> {
        match self {
            Message::Text(text) => Ok(text),
            Message::Binary(_) => Err(self),
        }
    }
}

/// A borrowed message: one that was received and is lent by its [`Batch`], or one to be sent.
///
/// Exhaustive, as [`Message`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRef<'m> {
    /// Text.
    Text(&'m str),
    /// Bytes.
    Binary(&'m [u8]),
}

impl<'m> MessageRef<'m> {
    /// The kind of message.
    pub fn kind(self) -> MessageKind {
        match self {
            MessageRef::Text(_) => MessageKind::Text,
            MessageRef::Binary(_) => MessageKind::Binary,
        }
    }

    /// The payload, of either kind.
    pub fn as_bytes(self) -> &'m [u8] {
        match self {
            MessageRef::Text(text) => text.as_bytes(),
            MessageRef::Binary(bytes) => bytes,
        }
    }

    /// An owned copy of the message.
    pub fn to_message(self) -> Message {
        match self {
            MessageRef::Text(text) => Message::text(text),
            MessageRef::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
        }
    }
}

impl<'m> From<&'m Message> for MessageRef<'m> {
    fn from(message: &'m Message) -> MessageRef<'m> {
        match message {
            Message::Text(text) => MessageRef::Text(text),
            Message::Binary(bytes) => MessageRef::Binary(bytes),
        }
    }
}

impl<'m> From<&'m str> for MessageRef<'m> {
    fn from(text: &'m str) -> MessageRef<'m> {
        MessageRef::Text(text)
    }
}

impl<'m> From<&'m [u8]> for MessageRef<'m> {
    fn from(bytes: &'m [u8]) -> MessageRef<'m> {
        MessageRef::Binary(bytes)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message::text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::text(text)
    }
}

impl From<ByteString> for Message {
    fn from(text: ByteString) -> Message {
        Message::Text(text)
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Message {
        Message::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Message {
        Message::binary(bytes)
    }
}

/// Text or binary. Exhaustive, as [`Message`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Text, which is UTF-8.
    Text,
    /// Bytes.
    Binary,
}

impl MessageKind {
    /// The opcode of a message of this kind.
    pub fn opcode(self) -> OpCode {
        match self {
            MessageKind::Text => OpCode::Text,
            MessageKind::Binary => OpCode::Binary,
        }
    }
}
