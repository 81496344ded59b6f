//! The contents of a batch: its storage and its messages.

use std::ops::Range;

use bytes::Bytes;

use super::{Message, MessageKind, MessageRef};
use crate::codec::InvalidText;
use crate::protocol_error::ProtocolError;
use crate::utf8;

/// A cleared list of messages keeps its capacity only up to this many.
const MANY: usize = 4096;

/// Messages, and the storage that holds them.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) storage: Box<[u8]>,
    /// All messages since the last `clear`, the consumed ones included.
    pub(crate) messages: Vec<Assembled>,
    /// How many messages at the front of the list are consumed. Always `taken <= messages.len()`.
    taken: usize,
    /// What happens to a stored text that is not UTF-8.
    invalid_text: InvalidText,
}

/// A received message, and where it is.
#[derive(Debug)]
pub(crate) enum Assembled {
    /// In this range of the storage, always within it. A text is not checked yet.
    Stored(MessageKind, Range<usize>),
    /// In memory outside the storage. A text is checked.
    Own(Box<Message>),
}

impl Contents {
    /// No messages, and `storage` to receive into.
    pub(crate) fn new(storage: Box<[u8]>) -> Contents {
        let (messages, invalid_text) = (Vec::new(), InvalidText::Fail);
        Contents { storage, messages, taken: 0, invalid_text }
    }

    /// The size of the storage, in bytes.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// Whether all messages are consumed.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.messages.len()
    }

    /// Discards all messages, and keeps the storage.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
        if self.messages.capacity() > MANY {
            self.messages = Vec::new();
        }
        self.taken = 0;
    }

    /// Consumes the next message, and lends it until the next call.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`]; the messages after it are discarded.
    #[inline]
    pub(crate) fn lend(&mut self) -> Option<Result<MessageRef<'_>, ProtocolError>> {
        let Contents { storage, messages, taken, invalid_text, .. } = self;
        let storage: &[u8] = storage;
        let at = *taken;
        let assembled = messages.get(at)?;
        *taken += 1;
        if let Assembled::Stored(kind, range) = assembled {
            let bytes = &storage[range.clone()];
            match kind {
                MessageKind::Binary => return Some(Ok(MessageRef::Binary(bytes))),
                MessageKind::Text => {
                    if let Some(text) = utf8::validate(bytes) {
                        return Some(Ok(MessageRef::Text(text)));
                    }
                }
            }
        }
        Some(lend_own(messages, at, storage, *invalid_text))
    }

    /// Consumes the next message, and returns it as an owned one.
    ///
    /// # Errors
    /// As with [`lend`](Contents::lend).
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Result<Message, ProtocolError>> {
        if let Some(Assembled::Own(message)) = self.messages.get_mut(self.taken) {
            self.taken += 1;
            let nothing = Message::Binary(Bytes::new());
            return Some(Ok(std::mem::replace(&mut **message, nothing)));
        }
        Some(self.lend()?.map(MessageRef::to_message))
    }

    /// Moves the messages of another batch that are not consumed to this one. They are copied out
    /// of its storage, which it keeps.
    ///
    /// # Errors
    /// As with [`lend`](Contents::lend); the messages before the invalid text are added.
    pub(crate) fn append(&mut self, other: &mut Contents) -> Result<(), ProtocolError> {
        let owned = other.own();
        self.messages.extend(other.messages.drain(other.taken..));
        other.clear();
        owned
    }

    /// The number of messages that are not consumed.
    pub(crate) fn len(&self) -> usize {
        self.messages.len() - self.taken
    }

    /// The payload of the messages that are not consumed, in bytes.
    pub(crate) fn payload_len(&self) -> usize {
        self.messages[self.taken..].iter().map(Assembled::len).sum()
    }

    #[inline]
    pub(crate) fn push(&mut self, received: Assembled) {
        self.messages.push(received);
    }

    /// Sets what happens to a text that is not UTF-8.
    #[inline]
    pub(crate) fn set_invalid_text(&mut self, invalid_text: InvalidText) {
        self.invalid_text = invalid_text;
    }

    /// Copies the messages that are not consumed out of the storage, so that it can be reused.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`]; the messages before the invalid text are kept.
    pub(crate) fn own(&mut self) -> Result<(), ProtocolError> {
        for at in self.taken..self.messages.len() {
            let Assembled::Stored(kind, range) = &self.messages[at] else { continue };
            let bytes = &self.storage[range.clone()];
            let message = match (kind, utf8::validate(bytes)) {
                (MessageKind::Binary, _) => Message::Binary(Bytes::copy_from_slice(bytes)),
                (MessageKind::Text, Some(text)) => Message::text(text),
                (MessageKind::Text, None) => match repaired(bytes, self.invalid_text) {
                    Ok(text) => text,
                    Err(error) => {
                        self.messages.truncate(at);
                        return Err(error);
                    }
                },
            };
            self.messages[at] = Assembled::own(message);
        }
        Ok(())
    }
}

/// Lends a message that is outside the storage, or a text that is not UTF-8.
#[inline(never)]
fn lend_own<'b>(
    messages: &'b mut Vec<Assembled>,
    at: usize,
    storage: &[u8],
    invalid_text: InvalidText,
) -> Result<MessageRef<'b>, ProtocolError> {
    if let Assembled::Stored(_, range) = &messages[at] {
        match repaired(&storage[range.clone()], invalid_text) {
            Ok(text) => messages[at] = Assembled::own(text),
            Err(error) => {
                messages.truncate(at + 1);
                return Err(error);
            }
        }
    }
    match &messages[at] {
        Assembled::Own(message) => Ok(MessageRef::from(&**message)),
        Assembled::Stored(..) => Err(ProtocolError::InvalidUtf8),
    }
}

/// Repairs a text that is not UTF-8, or refuses it.
fn repaired(bytes: &[u8], invalid_text: InvalidText) -> Result<Message, ProtocolError> {
    match invalid_text {
        InvalidText::Replace => Ok(Message::text(String::from_utf8_lossy(bytes).into_owned())),
        InvalidText::Fail => Err(ProtocolError::InvalidUtf8),
    }
}

impl Default for Contents {
    /// No messages, and no storage.
    fn default() -> Contents {
        Contents::new(Box::default())
    }
}

impl Assembled {
    /// A message outside the storage.
    pub(crate) fn own(message: Message) -> Assembled {
        Assembled::Own(Box::new(message))
    }

    /// How many bytes it has outside the storage.
    #[inline]
    pub(crate) fn own_len(&self) -> usize {
        match self {
            Assembled::Stored(..) => 0,
            Assembled::Own(message) => message.as_bytes().len(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Assembled::Stored(_, range) => range.len(),
            Assembled::Own(message) => message.as_bytes().len(),
        }
    }
}

#[cfg(test)]
mod tests;
