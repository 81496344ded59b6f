//! Messages that were received and that nobody has taken yet.

use super::contents::Contents;
use super::{Message, MessageRef};
use crate::protocol_error::ProtocolError;

/// Whole messages in the order in which they came, with the memory that they lie in.
///
/// It is memory first: an empty batch is [lent](crate::Connection::lend) to a connection, which is
/// received into. The messages of one read lie where they were read to, and are lent from there
/// without a copy. When all were taken the batch is [cleared](Batch::clear) and lent again.
///
/// It is one word in size, for it changes hands with each read.
#[derive(Debug, Default)]
pub struct Batch(Option<Box<Contents>>);

impl Batch {
    /// No messages, and memory for some. A batch by [default](Default) has none.
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

    /// How many bytes it can receive at once.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.contents().map_or(0, Contents::capacity)
    }

    /// Whether every message was taken.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.contents().is_none_or(Contents::is_empty)
    }

    /// How many messages were not taken.
    pub fn len(&self) -> usize {
        self.contents().map_or(0, Contents::len)
    }

    /// How many bytes the messages have that were not taken.
    pub fn payload_len(&self) -> usize {
        self.contents().map_or(0, Contents::payload_len)
    }

    /// Forgets every message, and keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        if let Some(contents) = &mut self.0 {
            contents.clear();
        }
    }

    /// The next message, lent until the next call.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`]: [fail](crate::Connection::fail) the connection with it.
    /// What came after it is forgotten.
    #[inline]
    pub fn lend(&mut self) -> Option<Result<MessageRef<'_>, ProtocolError>> {
        self.0.as_mut()?.lend()
    }

    /// The next message, to keep.
    ///
    /// # Errors
    /// As with [`lend`](Batch::lend).
    #[inline]
    pub fn take(&mut self) -> Option<Result<Message, ProtocolError>> {
        self.0.as_mut()?.take()
    }

    /// Adds the messages of another batch that were not taken, copied out of its memory, which is
    /// left to it.
    ///
    /// # Errors
    /// As with [`lend`](Batch::lend); those before the text that is wrong are added.
    pub fn append(&mut self, other: &mut Batch) -> Result<(), ProtocolError> {
        self.contents_mut().append(other.contents_mut())
    }
}
