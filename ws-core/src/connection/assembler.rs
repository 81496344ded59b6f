//! Reassembly of fragments to messages, under a limit, and without a copy where none is needed.

use std::ops::Range;

use bytes::Bytes;

use crate::buffer::ReadBuffer;
use crate::codec::InvalidText;
use crate::message::{Assembled, Message, MessageKind};
use crate::protocol_error::ProtocolError;
use crate::utf8::Utf8Checker;

/// A fragment of a message whose payload is in the read buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Data {
    /// The kind of message.
    pub(super) kind: MessageKind,
    /// Whether the message begins here.
    pub(super) first: bool,
    /// Whether it ends here.
    pub(super) fin: bool,
    /// Where in the read buffer the payload is.
    pub(super) payload: Range<usize>,
    /// How many payload bytes of the same frame have not arrived.
    pub(super) remaining: u64,
}

/// Joins the fragments of messages, one message at a time.
///
/// A message that is contiguous in the read buffer stays there. It is copied out only if it is
/// cut, by fragmentation or by the end of the received bytes.
#[derive(Debug)]
pub(super) struct Assembler {
    invalid_text: InvalidText,
    state: Assembly,
}

#[derive(Debug, Default)]
enum Assembly {
    /// No message has begun.
    #[default]
    Empty,
    /// All bytes so far are in this range of the read buffer. The range is valid until the buffer
    /// is compacted or reclaimed.
    Buffered(MessageKind, Range<usize>),
    /// A text, checked as far as it has arrived; its last, incomplete character is in the checker.
    /// Only with [`InvalidText::Fail`].
    Text(String, Utf8Checker),
    /// A binary message; or, only with [`InvalidText::Replace`], a text that is repaired when it
    /// is complete.
    Bytes(MessageKind, Vec<u8>),
}

impl Assembler {
    pub(super) fn new(invalid_text: InvalidText) -> Assembler {
        Assembler { invalid_text, state: Assembly::Empty }
    }

    /// What happens to a text that is not UTF-8.
    #[inline]
    pub(super) fn invalid_text(&self) -> InvalidText {
        self.invalid_text
    }

    /// Adds the next fragment, which is in `buffer`, and returns the message that it completes.
    ///
    /// # Errors
    /// [`ProtocolError::MessageTooBig`] as soon as the announced length exceeds the limit,
    /// [`ProtocolError::InvalidUtf8`] as soon as no continuation can make a text valid. A complete
    /// text in the buffer is not checked here.
    #[inline]
    pub(super) fn push(
        &mut self,
        data: Data,
        buffer: &ReadBuffer,
        limit: usize,
    ) -> Result<Option<Assembled>, ProtocolError> {
        let coming = (data.payload.len() as u64).saturating_add(data.remaining);
        if data.first && data.fin {
            check_limit(0, coming, limit)?;
            return Ok(Some(Assembled::Stored(data.kind, data.payload)));
        }
        self.push_part(&data, coming, buffer, limit)
    }

    #[inline(never)]
    fn push_part(
        &mut self,
        data: &Data,
        coming: u64,
        buffer: &ReadBuffer,
        limit: usize,
    ) -> Result<Option<Assembled>, ProtocolError> {
        if data.first {
            check_limit(0, coming, limit)?;
            self.state = Assembly::Buffered(data.kind, data.payload.clone());
        } else {
            check_limit(self.len(), coming, limit)?;
            self.push_next(data, buffer)?;
        }
        if data.fin {
            return self.finish().map(Some);
        }
        if data.remaining == 0 {
            // The next fragment is not adjacent to this one: a header is between them. A text is
            // checked now, so that the outcome does not depend on how the bytes arrived.
            self.own(buffer)?;
        }
        Ok(None)
    }

    fn push_next(&mut self, data: &Data, buffer: &ReadBuffer) -> Result<(), ProtocolError> {
        match &mut self.state {
            Assembly::Buffered(_, range) if range.end == data.payload.start => {
                range.end = data.payload.end;
                Ok(())
            }
            _ => {
                self.own(buffer)?;
                self.append(buffer.bytes(data.payload.clone()))
            }
        }
    }

    /// As [`push`](Assembler::push), with a payload that an extension has decoded.
    pub(super) fn push_transformed(
        &mut self,
        data: &Data,
        payload: &[u8],
        buffer: &ReadBuffer,
        limit: usize,
    ) -> Result<Option<Assembled>, ProtocolError> {
        if data.first {
            self.state = self.nothing(data.kind);
        }
        check_limit(self.len(), payload.len() as u64, limit)?;
        self.own(buffer)?;
        self.append(payload)?;
        if data.fin { self.finish().map(Some) } else { Ok(None) }
    }

    /// Returns the message, which is complete.
    fn finish(&mut self) -> Result<Assembled, ProtocolError> {
        Ok(match std::mem::take(&mut self.state) {
            Assembly::Buffered(kind, range) => Assembled::Stored(kind, range),
            Assembly::Text(_, checker) if checker.is_open() => {
                return Err(ProtocolError::InvalidUtf8);
            }
            Assembly::Text(text, _) => Assembled::own(Message::text(text)),
            Assembly::Bytes(MessageKind::Text, bytes) => {
                Assembled::own(Message::text(String::from_utf8_lossy(&bytes).into_owned()))
            }
            Assembly::Bytes(MessageKind::Binary, bytes) => {
                Assembled::own(Message::Binary(Bytes::from(bytes)))
            }
            Assembly::Empty => Assembled::own(Message::Binary(Bytes::new())),
        })
    }

    /// Copies the bytes of an incomplete message out of `buffer`, so that the buffer can be
    /// reused.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`] when no continuation can make the text valid.
    pub(super) fn own(&mut self, buffer: &ReadBuffer) -> Result<(), ProtocolError> {
        let Assembly::Buffered(kind, range) = &self.state else {
            return Ok(());
        };
        let (kind, range) = (*kind, range.clone());
        self.state = self.nothing(kind);
        self.append(buffer.bytes(range))
    }

    /// The capacity, at least `bytes`, to allocate for a message. From 32 KiB on it is a multiple
    /// of 64 KiB, less the word of metadata that an allocator stores with each allocation.
    /// Allocations of such sizes leave no small remainders between them, which would fragment the
    /// heap and keep it from shrinking: 10,000 connections that have echoed 1 MiB each and are idle
    /// take 2.0 KB each with it, and 3.8 to 5.5 KB without.
    pub(super) fn room_for(bytes: usize) -> usize {
        const PIECE: usize = 64 * 1024;
        match bytes < PIECE / 2 {
            true => bytes,
            false => (bytes + size_of::<usize>()).next_multiple_of(PIECE) - size_of::<usize>(),
        }
    }

    /// The state of an empty message that is not in the read buffer.
    fn nothing(&self, kind: MessageKind) -> Assembly {
        match (kind, self.invalid_text) {
            (MessageKind::Text, InvalidText::Fail) => {
                Assembly::Text(String::new(), Utf8Checker::new())
            }
            _ => Assembly::Bytes(kind, Vec::new()),
        }
    }

    /// The memory of an incomplete binary message that was copied out of the read buffer: its
    /// rest may be appended there. Report what was appended with
    /// [`push_appended`](Assembler::push_appended).
    #[inline]
    pub(super) fn appendable(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.state {
            Assembly::Bytes(MessageKind::Binary, bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Reports a fragment that was appended in place, and returns the message that it completes.
    /// Its length was checked against the limit when the header of its frame was.
    pub(super) fn push_appended(
        &mut self,
        data: &Data,
    ) -> Result<Option<Assembled>, ProtocolError> {
        if data.fin { self.finish().map(Some) } else { Ok(None) }
    }

    /// Whether a message has begun and is not complete.
    #[inline]
    pub(super) fn has_begun(&self) -> bool {
        !matches!(self.state, Assembly::Empty)
    }

    /// Whether the message that has begun is in the read buffer.
    #[inline]
    pub(super) fn is_buffered(&self) -> bool {
        matches!(self.state, Assembly::Buffered(..))
    }

    /// Discards the message that has begun, and frees its memory.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.state = Assembly::Empty;
    }

    /// How much memory the message that has begun uses, in bytes; none while it is in the read
    /// buffer.
    pub(super) fn held(&self) -> usize {
        match &self.state {
            Assembly::Empty | Assembly::Buffered(..) => 0,
            Assembly::Text(text, _) => text.capacity(),
            Assembly::Bytes(_, bytes) => bytes.capacity(),
        }
    }

    fn append(&mut self, piece: &[u8]) -> Result<(), ProtocolError> {
        match &mut self.state {
            Assembly::Text(text, checker) => {
                let more = checker.open().len() + piece.len();
                text.reserve_exact(growth(text.len(), text.capacity(), more));
                let (begun, rest) = checker.push(piece).map_err(|_| ProtocolError::InvalidUtf8)?;
                text.extend(begun);
                text.push_str(rest);
            }
            Assembly::Bytes(_, bytes) => {
                bytes.reserve_exact(growth(bytes.len(), bytes.capacity(), piece.len()));
                bytes.extend_from_slice(piece);
            }
            Assembly::Buffered(..) | Assembly::Empty => {}
        }
        Ok(())
    }

    fn len(&self) -> usize {
        match &self.state {
            Assembly::Empty => 0,
            Assembly::Buffered(_, range) => range.len(),
            Assembly::Text(text, checker) => text.len() + checker.open().len(),
            Assembly::Bytes(_, bytes) => bytes.len(),
        }
    }
}

fn check_limit(assembled: usize, coming: u64, limit: usize) -> Result<(), ProtocolError> {
    match (assembled as u64).checked_add(coming) {
        Some(total) if total <= limit as u64 => Ok(()),
        _ => Err(ProtocolError::MessageTooBig { limit }),
    }
}

/// How many bytes to reserve to append `more` bytes to `len`: none, or enough to double the
/// capacity at least.
fn growth(len: usize, capacity: usize, more: usize) -> usize {
    match capacity - len >= more {
        true => 0,
        false => Assembler::room_for((len + more).max(2 * capacity)) - len,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_rounds_long_messages_up_and_short_ones_not() {
        assert_eq!(Assembler::room_for(1000), 1000);
        for bytes in [32 << 10, 65_528, 65_529, 1 << 20] {
            let room = Assembler::room_for(bytes);
            assert!((bytes..=bytes + (64 << 10)).contains(&room), "{room} for {bytes}");
            assert_eq!((room + size_of::<usize>()) % (64 << 10), 0, "{room} for {bytes}");
        }
    }
}
