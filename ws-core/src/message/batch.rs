//! Batches of received messages.

use super::contents::Contents;
use super::{Message, MessageRef};
use crate::protocol_error::ProtocolError;

/// Complete messages in the order in which they arrived, with the buffer that holds them.
///
/// An empty batch serves as the buffer to receive into: it is [lent](crate::Connection::lend) to a
/// connection. The messages stay where they were read to, and can be borrowed from there without a
/// copy. When all are consumed, the batch is [cleared](Batch::clear) and lent again.
///
/// It is one word in size, because it is moved with each read.
#[derive(Debug, Default)]
pub struct Batch(Option<Box<Contents>>);

impl Batch {
    /// A batch without messages, and with `storage` to receive into. One by [default](Default) has
    /// no storage.
    pub fn new(storage: Box<[u8]>) -> Batch {
        Batch(Some(Box::new(Contents::new(storage))))
    }

    #[inline]
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.0.as_deref()
    }

    #[inline]
    pub(crate) fn contents_mut(&mut self) -> &mut Contents {
        self.0.get_or_insert_default()
    }

    /// The size of its storage, in bytes.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.contents().map_or(0, Contents::capacity)
    }

    /// Whether all messages are consumed.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.contents().is_none_or(Contents::is_empty)
    }

    /// The number of messages that are not consumed.
    pub fn len(&self) -> usize {
        self.contents().map_or(0, Contents::len)
    }

    /// The payload of the messages that are not consumed, in bytes.
    pub fn payload_len(&self) -> usize {
        self.contents().map_or(0, Contents::payload_len)
    }

    /// Discards all messages, and keeps the storage.
    #[inline]
    pub fn clear(&mut self) {
        if let Some(contents) = &mut self.0 {
            contents.clear();
        }
    }

    /// Consumes the next message, and lends it until the next call.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`]: [fail](crate::Connection::fail) the connection with it.
    /// The messages after it are discarded.
    #[inline]
    pub fn lend(&mut self) -> Option<Result<MessageRef<'_>, ProtocolError>> {
        self.0.as_mut()?.lend()
    }

    /// Consumes the next message, and returns it as an owned one.
    ///
    /// # Errors
    /// As with [`lend`](Batch::lend).
    #[inline]
    pub fn take(&mut self) -> Option<Result<Message, ProtocolError>> {
        self.0.as_mut()?.take()
    }

    /// Moves the messages of another batch that are not consumed to this one. They are copied out
    /// of its storage, which it keeps.
    ///
    /// # Errors
    /// As with [`lend`](Batch::lend); the messages before the invalid text are added.
    pub fn append(&mut self, other: &mut Batch) -> Result<(), ProtocolError> {
        self.contents_mut().append(other.contents_mut())
    }
}
