//! Fragments to messages, under a limit, and without a copy where none is needed.

use std::ops::Range;

use bytes::Bytes;

use crate::buffer::ReadBuffer;
use crate::codec::InvalidText;
use crate::message::{Assembled, Message, MessageKind};
use crate::protocol_error::ProtocolError;
use crate::utf8::Utf8Checker;

/// A fragment of a message whose payload lies in the read buffer.
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
    /// How many bytes are announced to follow in the same frame.
    pub(super) remaining: u64,
}

/// Joins the fragments of one message after the other.
///
/// A message that lies in one piece in the read buffer stays there. Only one that is cut, by
/// fragmentation or by the end of what has arrived, is copied out.
#[derive(Debug)]
pub(super) struct Assembler {
    limit: usize,
    invalid_text: InvalidText,
    state: Assembly,
}

#[derive(Debug, Default)]
enum Assembly {
    /// No message has begun.
    #[default]
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
    pub(super) fn new(limit: usize, invalid_text: InvalidText) -> Assembler {
        Assembler { limit, invalid_text, state: Assembly::Empty }
    }

    /// What becomes of a text that is not UTF-8.
    #[inline]
    pub(super) fn invalid_text(&self) -> InvalidText {
        self.invalid_text
    }

    /// Takes the next fragment, which lies in `buffer`, and gives the message that it ends.
    ///
    /// # Errors
    /// [`ProtocolError::MessageTooBig`] as soon as the announced length is over the limit,
    /// [`ProtocolError::InvalidUtf8`] as soon as a text cannot be valid any more. A whole text in
    /// the buffer is not checked.
    #[inline]
    pub(super) fn push(
        &mut self,
        data: Data,
        buffer: &ReadBuffer,
    ) -> Result<Option<Assembled>, ProtocolError> {
        let coming = (data.payload.len() as u64).saturating_add(data.remaining);
        if data.first && data.fin {
            self.check_limit(0, coming)?;
            return Ok(Some(Assembled::Stored(data.kind, data.payload)));
        }
        self.push_part(&data, coming, buffer)
    }

    #[inline(never)]
    fn push_part(
        &mut self,
        data: &Data,
        coming: u64,
        buffer: &ReadBuffer,
    ) -> Result<Option<Assembled>, ProtocolError> {
        if data.first {
            self.check_limit(0, coming)?;
            self.state = Assembly::Buffered(data.kind, data.payload.clone());
        } else {
            self.check_limit(self.len(), coming)?;
            self.push_next(data, buffer)?;
        }
        if data.fin {
            return self.finish().map(Some);
        }
        if data.remaining == 0 {
            // The next fragment does not lie behind this one. A text is judged here, so that
            // what is heard next does not depend on how the bytes arrived.
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

    /// As [`push`](Assembler::push), with a payload that an extension has made.
    pub(super) fn push_transformed(
        &mut self,
        data: &Data,
        payload: &[u8],
        buffer: &ReadBuffer,
    ) -> Result<Option<Assembled>, ProtocolError> {
        if data.first {
            self.state = self.nothing(data.kind);
        }
        self.check_limit(self.len(), payload.len() as u64)?;
        self.own(buffer)?;
        self.append(payload)?;
        if data.fin { self.finish().map(Some) } else { Ok(None) }
    }

    /// The message, which is whole.
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

    /// Copies out what lies in `buffer` of a message that is not whole, so that the buffer may
    /// be used for something else.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`] when the text so far cannot become valid.
    pub(super) fn own(&mut self, buffer: &ReadBuffer) -> Result<(), ProtocolError> {
        let Assembly::Buffered(kind, range) = &self.state else {
            return Ok(());
        };
        let (kind, range) = (*kind, range.clone());
        self.state = self.nothing(kind);
        self.append(buffer.bytes(range))
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

    /// The memory of a message of bytes that has begun and lies in no read buffer any more: the
    /// rest of it may be appended there. Tell of it with
    /// [`push_appended`](Assembler::push_appended).
    #[inline]
    pub(super) fn appendable(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.state {
            Assembly::Bytes(MessageKind::Binary, bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Takes note of a fragment that was appended in place, and gives the message that it ends.
    /// Its length was announced by the fragments before it, and is within the limit.
    pub(super) fn push_appended(
        &mut self,
        data: &Data,
    ) -> Result<Option<Assembled>, ProtocolError> {
        if data.fin { self.finish().map(Some) } else { Ok(None) }
    }

    /// Whether a message has begun, and is not whole.
    #[inline]
    pub(super) fn has_begun(&self) -> bool {
        !matches!(self.state, Assembly::Empty)
    }

    /// Whether a message that has begun lies in the read buffer.
    #[inline]
    pub(super) fn is_buffered(&self) -> bool {
        matches!(self.state, Assembly::Buffered(..))
    }

    /// Forgets the message that has begun, and gives its memory back.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.state = Assembly::Empty;
    }

    /// How much memory the message takes that has begun, in bytes.
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
                let (begun, rest) = checker.push(piece).map_err(|_| ProtocolError::InvalidUtf8)?;
                text.extend(begun);
                text.push_str(rest);
            }
            Assembly::Bytes(_, bytes) => bytes.extend_from_slice(piece),
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
