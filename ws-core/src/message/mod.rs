//! Messages: what applications exchange (RFC 6455 §5.6).

mod batch;
mod contents;

use bytes::Bytes;
use bytestring::ByteString;

use crate::frame::OpCode;

pub use batch::Batch;
pub(crate) use contents::Assembled;
pub(crate) use contents::Contents;

/// An owned message, cheap to clone.
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
}

/// A borrowed message: one that was received and is lent by its [`Batch`], or one to be sent.
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

/// A message to be sent, and whether it may be compressed.
///
/// Everything that converts into a [`MessageRef`] converts into this, as a message that the
/// connection may compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing<'m> {
    message: MessageRef<'m>,
    compression: Compression,
}

/// Whether an extension may compress a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Allowed,
    Forbidden,
}

impl<'m> Outgoing<'m> {
    /// A message that is never compressed: for one that has a secret next to text that an attacker
    /// can choose. The length of both compressed together would leak the secret (as in the CRIME
    /// and BREACH attacks).
    pub fn uncompressed(message: impl Into<MessageRef<'m>>) -> Outgoing<'m> {
        Outgoing { message: message.into(), compression: Compression::Forbidden }
    }

    /// The message.
    #[inline]
    pub fn message(self) -> MessageRef<'m> {
        self.message
    }

    /// Its payload.
    #[inline]
    pub fn as_bytes(self) -> &'m [u8] {
        self.message.as_bytes()
    }

    #[inline]
    pub(crate) fn compression(self) -> Compression {
        self.compression
    }
}

impl<'m, T: Into<MessageRef<'m>>> From<T> for Outgoing<'m> {
    #[inline]
    fn from(message: T) -> Outgoing<'m> {
        Outgoing { message: message.into(), compression: Compression::Allowed }
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

impl<'m> From<&'m String> for MessageRef<'m> {
    fn from(text: &'m String) -> MessageRef<'m> {
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

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Message {
        Message::binary(bytes)
    }
}

/// Text or binary.
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
