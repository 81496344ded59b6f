//! Fragments to messages, under a limit, and without a copy where none is needed.

use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

use super::{Message, MessageKind, MessageRef};
use crate::buffer::ReadBuffer;
use crate::codec::InvalidText;
use crate::connection::Data;
use crate::protocol_error::ProtocolError;
use crate::utf8::{self, Utf8Checker};

/// Joins the fragments of one message after the other.
///
/// A message that lies in one piece in the read buffer stays there and is lent from it. Only
/// one that is cut, by fragmentation or by the end of what has arrived, is copied out.
#[derive(Debug)]
pub struct Assembler {
    limit: usize,
    invalid_text: InvalidText,
    complete: bool,
    state: Assembly,
}

#[derive(Debug)]
enum Assembly {
    /// No message has begun.
    Empty,
    /// All of it so far lies here in the read buffer.
    Buffered(MessageKind, Range<usize>),
    /// A text, checked as far as it has arrived.
    Text(String, Utf8Checker),
    /// Bytes, or a text that is repaired when it is whole.
    Bytes(MessageKind, Vec<u8>),
}

impl Assembler {
    /// An assembler of messages up to `limit` bytes.
    pub fn new(limit: usize, invalid_text: InvalidText) -> Assembler {
        Assembler { limit, invalid_text, complete: false, state: Assembly::Empty }
    }

    /// Takes the next fragment, which lies in `buffer`. `true` when it ends a message: take
    /// it with [`lend`](Assembler::lend) or [`take`](Assembler::take) before the next push.
    ///
    /// # Errors
    /// [`ProtocolError::MessageTooBig`] as soon as the announced length is over the limit,
    /// [`ProtocolError::InvalidUtf8`] as soon as a text cannot be valid any more.
    #[inline]
    pub fn push(&mut self, data: &Data, buffer: &ReadBuffer) -> Result<bool, ProtocolError> {
        let coming = (data.payload.len() as u64).saturating_add(data.remaining);
        self.complete = data.fin;
        if data.first {
            self.state = Assembly::Buffered(data.kind, data.payload.clone());
            self.check_limit(0, coming)?;
        } else {
            self.check_limit(self.len(), coming)?;
            self.push_next(data, buffer)?;
        }
        if !data.fin && data.remaining == 0 {
            // The next fragment does not lie behind this one. A text is judged here, so that
            // what is heard next does not depend on how the bytes arrived.
            self.own(buffer)?;
        }
        Ok(data.fin)
    }

    #[inline(never)]
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

    /// Takes the next fragment, whose payload an extension has made. `true` when it ends a message.
    ///
    /// # Errors
    /// [`ProtocolError::MessageTooBig`] as soon as what came is over the limit,
    /// [`ProtocolError::InvalidUtf8`] as soon as a text cannot be valid any more.
    pub fn push_transformed(
        &mut self,
        data: &Data,
        payload: &[u8],
        buffer: &ReadBuffer,
    ) -> Result<bool, ProtocolError> {
        self.complete = data.fin;
        if data.first {
            self.state = self.nothing(data.kind);
        }
        self.check_limit(self.len(), payload.len() as u64)?;
        self.own(buffer)?;
        self.append(payload)?;
        Ok(data.fin)
    }

    /// Copies out what lies in `buffer` of a message that is not whole, so that the buffer may
    /// be used for something else.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`] when the text so far cannot become valid.
    pub fn own(&mut self, buffer: &ReadBuffer) -> Result<(), ProtocolError> {
        let Assembly::Buffered(kind, range) = &self.state else {
            return Ok(());
        };
        let (kind, range) = (*kind, range.clone());
        self.state = self.nothing(kind);
        self.append(buffer.bytes(range))
    }

    /// The capacity, at least `bytes`, that memory for a message should have: for many of
    /// them a multiple of 64 KiB, but for the word that an allocator keeps with each piece of
    /// memory. What is left of a piece that was given back is whole pieces then, and no crumb that
    /// would keep the heap from shrinking.
    pub fn room_for(bytes: usize) -> usize {
        const PIECE: usize = 64 * 1024;
        match bytes < PIECE / 2 {
            true => bytes,
            false => (bytes + size_of::<usize>()).next_multiple_of(PIECE) - size_of::<usize>(),
        }
    }

    /// A message without a byte, in memory of its own.
    fn nothing(&self, kind: MessageKind) -> Assembly {
        match (kind, self.invalid_text) {
            (MessageKind::Text, InvalidText::Fail) => {
                Assembly::Text(String::new(), Utf8Checker::new())
            }
            _ => Assembly::Bytes(kind, Vec::new()),
        }
    }

    /// Where the rest of a message of bytes, which lies in no read buffer any more, may be read
    /// to directly. Tell what was appended with [`push_appended`](Assembler::push_appended).
    #[inline]
    pub fn appendable(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.state {
            Assembly::Bytes(MessageKind::Binary, bytes) if !self.complete => Some(bytes),
            _ => None,
        }
    }

    /// Takes note of a fragment that was appended in place; its length was announced by the
    /// fragments before it, and is within the limit. `true` when it ends the message.
    pub fn push_appended(&mut self, data: &Data) -> bool {
        self.complete = data.fin;
        data.fin
    }

    /// Whether the message is whole.
    #[inline]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether a message has begun, and is not whole.
    #[inline]
    pub fn has_begun(&self) -> bool {
        !self.complete && !matches!(self.state, Assembly::Empty)
    }

    /// Whether a message, whole or begun, lies in the read buffer.
    #[inline]
    pub fn is_buffered(&self) -> bool {
        matches!(self.state, Assembly::Buffered(..))
    }

    /// The whole message, lent until the next call.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`].
    #[inline]
    pub fn lend<'m>(&'m mut self, buffer: &'m ReadBuffer) -> Result<MessageRef<'m>, ProtocolError> {
        if let Assembly::Buffered(kind, Range { start, end }) = self.state {
            match kind {
                MessageKind::Binary => return Ok(MessageRef::Binary(buffer.bytes(start..end))),
                MessageKind::Text => {
                    if let Some(text) = utf8::validate(buffer.bytes(start..end)) {
                        return Ok(MessageRef::Text(text));
                    }
                }
            }
        }
        self.lend_owned(buffer)
    }

    /// A message that does not lie in the read buffer, or cannot be lent from there.
    #[inline(never)]
    fn lend_owned<'m>(
        &'m mut self,
        buffer: &'m ReadBuffer,
    ) -> Result<MessageRef<'m>, ProtocolError> {
        self.repair(buffer);
        match &self.state {
            Assembly::Buffered(..) => Err(ProtocolError::InvalidUtf8),
            Assembly::Text(text, checker) if !checker.is_open() => Ok(MessageRef::Text(text)),
            Assembly::Text(..) => Err(ProtocolError::InvalidUtf8),
            Assembly::Bytes(_, bytes) => Ok(MessageRef::Binary(bytes)),
            Assembly::Empty => Ok(MessageRef::Binary(&[])),
        }
    }

    /// The whole message, to keep.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`].
    pub fn take(&mut self, buffer: &ReadBuffer) -> Result<Message, ProtocolError> {
        let message = match &mut self.state {
            Assembly::Text(text, checker) if !checker.is_open() => {
                Message::Text(ByteString::from(std::mem::take(text)))
            }
            Assembly::Bytes(MessageKind::Binary, bytes) => {
                Message::Binary(Bytes::from(std::mem::take(bytes)))
            }
            _ => self.lend(buffer)?.to_message(),
        };
        self.reset();
        Ok(message)
    }

    /// Forgets the message that was lent, and gives its memory back.
    #[inline]
    pub fn reset(&mut self) {
        self.complete = false;
        self.state = Assembly::Empty;
    }

    /// Where drafts have invalid text replaced: makes a whole text UTF-8 that is not, or that does
    /// not lie in the read buffer.
    fn repair(&mut self, buffer: &ReadBuffer) {
        if self.invalid_text == InvalidText::Fail {
            return;
        }
        let bytes = match &self.state {
            Assembly::Buffered(MessageKind::Text, range) => buffer.bytes(range.clone()),
            Assembly::Bytes(MessageKind::Text, bytes) => bytes,
            _ => return,
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.state = Assembly::Text(text, Utf8Checker::new());
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

    fn check_limit(&self, assembled: usize, coming: u64) -> Result<(), ProtocolError> {
        match (assembled as u64).checked_add(coming) {
            Some(total) if total <= self.limit as u64 => Ok(()),
            _ => Err(ProtocolError::MessageTooBig { limit: self.limit }),
        }
    }
}

/// How much to reserve for `more` bytes behind `len`: nothing, or what doubles the capacity.
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
    fn room_for_many_bytes_is_whole_pieces_of_an_allocator_and_for_few_what_they_need() {
        assert_eq!(Assembler::room_for(1000), 1000);
        for bytes in [32 << 10, 65_528, 65_529, 1 << 20] {
            let room = Assembler::room_for(bytes);
            assert!((bytes..=bytes + (64 << 10)).contains(&room), "{room} for {bytes}");
            assert_eq!((room + size_of::<usize>()) % (64 << 10), 0, "{room} for {bytes}");
        }
    }
}
