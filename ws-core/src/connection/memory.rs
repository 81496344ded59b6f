//! The memory that is received into, which belongs to somebody else when nothing is in it.

use std::ops::Range;

use super::Connection;
use super::received::Work;
use crate::message::Batch;
use crate::protocol_error::ProtocolError;

/// From so many bytes on that are still to come of a frame, they are read straight into the memory
/// of their message.
const LONG_REST: u64 = 64 * 1024;

/// How much more memory there is for a long message, as a multiple of what has arrived of it: each
/// growth costs a read, and may cost a copy.
const GROWTH: usize = 3;

/// Where the next bytes of the socket belong.
#[derive(Debug)]
pub enum ReceiveBuffer<'c> {
    /// Here, from its front. It is empty where no memory was lent.
    Spare(&'c mut [u8]),
    /// Behind these, no more than `limit` bytes: they are the rest of a long message.
    Append {
        /// The message.
        message: &'c mut Vec<u8>,
        /// How many bytes it may get.
        limit: u64,
    },
}

impl Connection {
    /// Whether it was lent memory to receive into.
    #[inline]
    pub fn has_storage(&self) -> bool {
        self.input.is_lent()
    }

    /// Gives it memory to receive into, where it has none: an empty batch that is larger than any
    /// frame header.
    #[inline]
    pub fn lend(&mut self, mut batch: Batch) {
        batch.contents_mut().set_invalid_text(self.assembler.invalid_text());
        self.input.lend(batch);
    }

    /// Takes the memory back. What cannot be decoded yet, and the beginning of a message, are
    /// copied.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`] when the beginning of a text shows it. Ask for messages then:
    /// that [is held](Connection::hold_violation), and the memory can be taken back.
    #[inline]
    pub fn reclaim(&mut self) -> Result<Option<Batch>, ProtocolError> {
        if self.assembler.is_buffered() {
            self.own_beginning()?;
        }
        Ok(self.input.reclaim())
    }

    /// Forgets what was received and not taken, and gives the memory back.
    pub fn discard_received(&mut self) -> Option<Batch> {
        self.assembler.reset();
        self.appended = 0;
        self.protocol.more = false;
        self.protocol.held_ping = None;
        self.input.discard();
        self.input.reclaim()
    }

    /// Whether something was received that is not dealt with.
    #[inline]
    pub fn has_unread(&self) -> bool {
        !self.input.is_empty()
            || self.appended > 0
            || self.protocol.more
            || self.protocol.held_ping.is_some()
    }

    /// Whether a message has begun and not ended.
    pub fn is_within_message(&self) -> bool {
        self.protocol.message.is_some()
    }

    /// The memory that the next bytes belong into, once it is [starved](super::Received::Starved).
    ///
    /// # Errors
    /// As with [`reclaim`](Connection::reclaim).
    #[inline]
    pub fn receive_buffer(&mut self) -> Result<ReceiveBuffer<'_>, ProtocolError> {
        if self.reads_into_message()? {
            let limit = self.protocol.remaining;
            return Ok(match self.assembler.appendable() {
                Some(message) => {
                    make_room(message, limit);
                    ReceiveBuffer::Append { message, limit }
                }
                None => ReceiveBuffer::Spare(&mut []),
            });
        }
        if !self.assembler.is_buffered() {
            self.input.compact();
        } else if self.input.spare().is_empty() {
            self.own_beginning()?;
            self.input.compact();
        }
        Ok(ReceiveBuffer::Spare(self.input.spare()))
    }

    /// Whether the next bytes belong into the memory of a message, which no buffer has to be lent
    /// for.
    ///
    /// # Errors
    /// As with [`reclaim`](Connection::reclaim).
    #[inline]
    pub fn reads_into_message(&mut self) -> Result<bool, ProtocolError> {
        if self.protocol.remaining < LONG_REST || !self.assembler.has_begun() || self.has_unread() {
            return Ok(false);
        }
        self.own_beginning()?;
        Ok(self.assembler.appendable().is_some())
    }

    /// Copies the beginning of a message out of the buffer.
    #[inline(never)]
    pub(super) fn own_beginning(&mut self) -> Result<(), ProtocolError> {
        let owned = self.assembler.own(&self.input);
        owned.inspect_err(|error| {
            self.assembler.reset();
            self.hold_violation(*error);
        })
    }

    /// Tells that so many bytes were put into the [`receive_buffer`](Connection::receive_buffer):
    /// the peer is alive.
    #[inline]
    pub fn filled(&mut self, count: usize) {
        if count > 0 {
            self.protocol.heard(&self.output);
            self.input.filled(count);
        }
    }

    /// Tells that so many bytes were [appended](ReceiveBuffer::Append) to a message.
    pub fn appended(&mut self, count: usize) {
        if count > 0 {
            self.protocol.heard(&self.output);
            self.appended += count;
        }
    }

    /// Tells that the peer's side of the TCP connection has ended. What is sent may still find a
    /// reader; but without a Close before there is no closing handshake any more, for nobody would
    /// answer (RFC 6455 §7.1.5: the status code is 1006).
    pub fn end_of_input(&mut self) {
        self.protocol.end_input();
    }

    /// Tells that nobody takes data any more, until the peer's Close comes: nothing is decompressed
    /// from here on.
    pub fn discard_data(&mut self) {
        use crate::codec::Codec as _;
        self.protocol.codec.discard_data();
        // What was read into a message counts, though that is given up.
        let appended = std::mem::take(&mut self.appended);
        if let Some(message) = self.assembler.appendable().filter(|_| appended > 0) {
            let begin = message.len() - appended;
            let _given_up = self.protocol.payload(&mut message[begin..]);
        }
        self.assembler.reset();
    }

    /// Whether extensions have done something since the last [`take_work`](Connection::take_work).
    #[inline]
    pub fn has_worked(&self) -> bool {
        self.work.steps | self.work.encoded != 0
    }

    /// What extensions have done since the last call.
    #[inline]
    pub fn take_work(&mut self) -> Work {
        std::mem::take(&mut self.work)
    }

    /// Received bytes: the [payload](super::Payload::Stored) of the last fragment.
    #[inline]
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.input.bytes(range)
    }
}

/// Makes room in a message of which `rest` bytes of a frame are still to come. Memory follows what
/// has arrived, not what is announced.
fn make_room(message: &mut Vec<u8>, rest: u64) {
    let begin = message.len();
    if begin == message.capacity() {
        let more = GROWTH * begin.max(LONG_REST as usize);
        let more = usize::try_from(rest).map_or(more, |rest| rest.min(more));
        message.reserve_exact(more);
    }
}
