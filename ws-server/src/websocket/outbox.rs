//! Messages that were fed and have not left the handle.

use ws_core::Outgoing;
use ws_core::hybi::Encoder;

use crate::runtime::pool;

/// Encoded messages on their way to the connection: they go there together, so that a short one
/// costs no visit.
#[derive(Debug)]
pub(super) struct Outbox {
    encoder: Option<Encoder>,
    encoded: Vec<u8>,
    /// How much it takes before it has to be emptied.
    room: usize,
}

impl Outbox {
    /// An outbox for a connection whose messages take no state to encode, if there is an encoder.
    /// Otherwise it takes none.
    pub(super) fn new(encoder: Option<Encoder>, room: usize) -> Outbox {
        Outbox { encoder, encoded: Vec::new(), room }
    }

    /// Takes a message, if it can and there is room.
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

    /// Whether there is room for another message, of whatever length.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.encoded.len() < self.room
    }

    /// Says how much there is room for from here on, until it is emptied.
    #[inline]
    pub(super) fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// What it holds, to be taken out.
    #[inline]
    pub(super) fn encoded(&mut self) -> &mut Vec<u8> {
        &mut self.encoded
    }
}

/// What was not sent gives its memory back to the worker.
impl Drop for Outbox {
    fn drop(&mut self) {
        pool::give_send(std::mem::take(&mut self.encoded));
    }
}
