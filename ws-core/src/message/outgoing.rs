//! A message to be sent, and whether it may be compressed.

use super::{AsMessage, MessageRef};

/// A message to be sent, and whether it may be compressed; see [`AsMessage`].
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
    /// A message that the connection may compress.
    #[inline]
    pub fn new(message: MessageRef<'m>) -> Outgoing<'m> {
        Outgoing { message, compression: Compression::Allowed }
    }

    /// A message that is never compressed: for one that has a secret next to text that an attacker
    /// can choose. The length of both compressed together would leak the secret (as in the CRIME
    /// and BREACH attacks).
    pub fn uncompressed<M: AsMessage + ?Sized>(message: &'m M) -> Outgoing<'m> {
        Outgoing { message: message.as_message().message, compression: Compression::Forbidden }
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
