//! The memory that is received into: a buffer that the caller lends, or that of a long message.

use std::ops::Range;

use super::Connection;
use super::assembler::Assembler;
use super::received::Work;
use crate::message::Batch;
use crate::protocol_error::ProtocolError;

/// From how many remaining bytes of a frame on they are read directly into the memory of their
/// message.
const LONG_REST: u64 = 64 * 1024;

/// By how much the memory of a long message grows, as a multiple of what has arrived of it: each
/// growth costs a read, and may cost a copy.
const GROWTH: usize = 3;

/// Where to read the next bytes of the socket to. Exhaustive: its caller has to read to each of
/// them.
#[derive(Debug)]
pub enum ReceiveBuffer<'c> {
    /// The front of this slice. It is empty when no buffer is lent.
    Spare(&'c mut [u8]),
    /// The end of this vector: the bytes are payload of a long message.
    Append {
        /// The message so far.
        message: &'c mut Vec<u8>,
        /// The most bytes to append: those that remain of the current frame.
        limit: u64,
    },
}

impl Connection {
    /// Whether a buffer to receive into is lent.
    #[inline]
    pub fn has_storage(&self) -> bool {
        self.input.is_lent()
    }

    /// Lends a buffer to receive into, where [none is lent](Connection::has_storage): an empty
    /// batch that is larger than any frame header.
    #[inline]
    pub fn lend(&mut self, mut batch: Batch) {
        batch.contents_mut().set_invalid_text(self.assembler.invalid_text());
        self.input.lend(batch);
    }

    /// Returns the lent buffer. Undecoded bytes and an incomplete message are copied into memory of
    /// the connection.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`] when an incomplete text cannot become valid. The error
    /// [is held](Connection::hold_violation) as well: receive messages next, and reclaim the buffer
    /// again.
    #[inline]
    pub fn reclaim(&mut self) -> Result<Option<Batch>, ProtocolError> {
        if self.assembler.is_buffered() {
            self.own_beginning()?;
        }
        Ok(self.input.reclaim())
    }

    /// Discards what was received and not consumed, and returns the lent buffer.
    pub fn discard_received(&mut self) -> Option<Batch> {
        self.assembler.reset();
        self.appended = 0;
        self.protocol.more = false;
        self.protocol.held_ping = None;
        self.input.discard();
        self.input.reclaim()
    }

    /// Whether received bytes are not processed yet: receive again before reading more.
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

    /// Where to read the next bytes to, once the connection is [starved](super::Received::Starved).
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

    /// Whether the next bytes are read into the memory of a message, so that no buffer has to be
    /// lent.
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

    /// Copies an incomplete message out of the buffer.
    #[inline(never)]
    pub(super) fn own_beginning(&mut self) -> Result<(), ProtocolError> {
        let owned = self.assembler.own(&self.input);
        owned.inspect_err(|error| {
            self.assembler.reset();
            self.hold_violation(*error);
        })
    }

    /// Reports that `count` bytes were read into the [spare part](ReceiveBuffer::Spare) of the
    /// receive buffer. This shows that the peer is alive.
    #[inline]
    pub fn filled(&mut self, count: usize) {
        if count > 0 {
            self.protocol.heard(&self.output);
            self.input.filled(count);
        }
    }

    /// Reports that `count` bytes were [appended](ReceiveBuffer::Append) to a message. This shows
    /// that the peer is alive.
    pub fn appended(&mut self, count: usize) {
        if count > 0 {
            self.protocol.heard(&self.output);
            self.appended += count;
        }
    }

    /// Reports that the peer's side of the TCP connection has ended. The peer may still read what
    /// is sent. But where no Close of the peer came before, there is no closing handshake any more,
    /// because the peer cannot answer (RFC 6455 §7.1.5: the status code is 1006).
    pub fn end_of_input(&mut self) {
        self.protocol.end_input();
    }

    /// Stops the delivery of data, for a caller that only waits for the peer's Close: from now on
    /// nothing is decompressed.
    pub fn discard_data(&mut self) {
        use crate::codec::Codec as _;
        self.protocol.codec.discard_data();
        // The codec must count the bytes that were read into a message, although that is dropped.
        let appended = std::mem::take(&mut self.appended);
        if let Some(message) = self.assembler.appendable().filter(|_| appended > 0) {
            let begin = message.len() - appended;
            let _given_up = self.protocol.payload(&mut message[begin..]);
        }
        self.assembler.reset();
    }

    /// Whether extensions have worked since the last [`take_work`](Connection::take_work).
    #[inline]
    pub fn has_worked(&self) -> bool {
        self.work.steps | self.work.encoded != 0
    }

    /// The work of extensions since the last call.
    #[inline]
    pub fn take_work(&mut self) -> Work {
        std::mem::take(&mut self.work)
    }

    /// Received bytes: the [payload](super::Payload::Stored) of the last fragment.
    ///
    /// # Panics
    /// When `range` is not within the buffer, because it was returned before the buffer was
    /// reclaimed.
    #[inline]
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.input.bytes(range)
    }
}

/// Makes room in a message, of whose current frame `rest` bytes remain. The capacity depends on
/// what has arrived, and not on what is announced.
fn make_room(message: &mut Vec<u8>, rest: u64) {
    let begin = message.len();
    if begin == message.capacity() {
        let more = GROWTH * begin.max(LONG_REST as usize);
        let more = usize::try_from(rest).map_or(more, |rest| rest.min(more));
        message.reserve_exact(Assembler::room_for(begin + more) - begin);
    }
}
