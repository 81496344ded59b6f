//! Messages that were fed and not yet passed to the connection.

use ws_core::Outgoing;
use ws_core::hybi::Encoder;

use crate::runtime::pool;

/// Encoded messages that are passed to the connection together, so that a short message does not
/// lock it.
#[derive(Debug)]
pub(super) struct Outbox {
    /// `None` when the connection must encode messages itself; `encoded` is always empty then.
    encoder: Option<Encoder>,
    /// Whole frames, oldest first. Its memory is the worker's: taken for the first message,
    /// returned when the connection has taken all.
    encoded: Vec<u8>,
    /// Messages are taken while `encoded` is shorter than this, in bytes. 0 when the send buffer of
    /// the connection was full at the last visit.
    room: usize,
}

impl Outbox {
    /// An outbox that encodes with `encoder`, which there is if encoding needs no state of the
    /// connection. Without one, it takes no messages.
    pub(super) fn new(encoder: Option<Encoder>, room: usize) -> Outbox {
        Outbox { encoder, encoded: Vec::new(), room }
    }

    /// Takes a message, if there is an encoder and room. Returns whether it has.
    #[inline]
    pub(super) fn push(&mut self, message: Outgoing<'_>) -> bool {
        let Some(encoder) = self.encoder.filter(|_| self.has_room()) else {
            return false;
        };
        if self.encoded.capacity() == 0 {
            self.encoded = pool::take_send();
        }
        encoder.encode(message.message(), &mut self.encoded);
        true
    }

    /// Whether there is room for another message, whatever its length.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.encoded.len() < self.room
    }

    /// Sets how many bytes it takes until it is emptied.
    #[inline]
    pub(super) fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// The encoded messages, for the connection to take.
    #[inline]
    pub(super) fn encoded(&mut self) -> &mut Vec<u8> {
        &mut self.encoded
    }
}

/// Returns its memory to the worker.
impl Drop for Outbox {
    fn drop(&mut self) {
        pool::give_send(std::mem::take(&mut self.encoded));
    }
}
