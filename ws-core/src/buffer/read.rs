//! Bytes that were received and not yet decoded.

use std::ops::Range;

/// Received bytes, in storage that belongs to somebody else when nothing is in it.
///
/// The storage is lent by [`lend`](ReadBuffer::lend) when the socket may have something, and
/// taken back by [`reclaim`](ReadBuffer::reclaim) when it has no more. Only bytes that cannot
/// be decoded yet, part of a header or of a control frame, stay behind with the connection.
#[derive(Debug, Default)]
pub struct ReadBuffer {
    storage: Box<[u8]>,
    start: usize,
    end: usize,
    /// Undecoded bytes while there is no storage.
    carry: Vec<u8>,
    /// Whether the storage is the connection's own: see [`park`](ReadBuffer::park).
    parked: bool,
}

impl ReadBuffer {
    /// A buffer without storage.
    pub fn new() -> ReadBuffer {
        ReadBuffer::default()
    }

    /// Puts bytes that were received already in front of whatever is read next. Only for a
    /// buffer without storage.
    pub fn carry(&mut self, received: &[u8]) {
        self.carry.extend_from_slice(received);
    }

    /// Whether it has storage.
    #[inline]
    pub fn has_storage(&self) -> bool {
        !self.storage.is_empty()
    }

    /// Gives the buffer its storage, initialised and larger than any frame header.
    #[inline]
    pub fn lend(&mut self, storage: Box<[u8]>) {
        self.storage = storage;
        self.parked = false;
        (self.start, self.end) = (0, 0);
        if !self.carry.is_empty() {
            self.take_carry();
        }
    }

    #[cold]
    fn take_carry(&mut self) {
        let carry = std::mem::take(&mut self.carry);
        self.end = carry.len();
        match self.storage.get_mut(..carry.len()) {
            Some(front) => front.copy_from_slice(&carry),
            // More was received already than the storage holds: it serves as storage itself.
            None => self.storage = carry.into_boxed_slice(),
        }
    }

    /// Takes the storage back, and keeps what is undecoded in memory of the connection's own.
    #[inline]
    pub fn reclaim(&mut self) -> Box<[u8]> {
        if self.start < self.end {
            self.make_carry();
        }
        (self.start, self.end) = (0, 0);
        self.parked = false;
        std::mem::take(&mut self.storage)
    }

    #[cold]
    fn make_carry(&mut self) {
        self.carry = self.storage[self.start..self.end].to_vec();
    }

    /// Moves what lies behind `from`, decoded or not, into storage of its own size, and gives
    /// the storage that was lent back. It can be read and decoded from there at leisure, and is
    /// not moved again. Ranges handed out before are `from` too high.
    pub fn park(&mut self, from: usize) -> Option<Box<[u8]>> {
        if self.parked || self.storage.is_empty() {
            return None;
        }
        let from = from.min(self.start);
        let kept: Box<[u8]> = self.storage[from..self.end].into();
        (self.start, self.end) = (self.start - from, self.end - from);
        self.parked = !kept.is_empty();
        Some(std::mem::replace(&mut self.storage, kept))
    }

    /// Whether the storage is the connection's own, and too small to read into.
    #[inline]
    pub fn is_parked(&self) -> bool {
        self.parked
    }

    /// What is not decoded yet.
    #[inline]
    pub fn unread(&mut self) -> &mut [u8] {
        &mut self.storage[self.start..self.end]
    }

    /// Whether everything is decoded.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end && self.carry.is_empty()
    }

    /// Where in the storage the undecoded bytes begin.
    #[inline]
    pub fn position(&self) -> usize {
        self.start
    }

    /// Marks `count` undecoded bytes as decoded.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Forgets what is not decoded.
    pub fn discard(&mut self) {
        (self.start, self.end) = (0, 0);
        self.carry = Vec::new();
    }

    /// Bytes of the storage, decoded or not.
    #[inline]
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.storage[range]
    }

    /// The free part of the storage; fill it from its front.
    #[inline]
    pub fn spare(&mut self) -> &mut [u8] {
        &mut self.storage[self.end..]
    }

    /// Tells that `count` bytes were put into the free part.
    #[inline]
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.storage.len());
    }

    /// Moves the undecoded bytes to the front. Ranges handed out before do not hold any more.
    #[inline]
    pub fn compact(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 {
            self.storage.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_undecoded_bytes_between_two_loans() {
        let mut buffer = ReadBuffer::new();
        buffer.lend(vec![0; 8].into());
        buffer.spare()[..5].copy_from_slice(b"abcde");
        buffer.filled(5);
        buffer.consume(3);
        assert_eq!(buffer.reclaim().len(), 8);
        assert!(!buffer.has_storage() && !buffer.is_empty());
        buffer.lend(vec![9; 8].into());
        assert_eq!(buffer.unread(), b"de");
        buffer.consume(2);
        assert!(buffer.is_empty());
    }

    #[test]
    fn loses_nothing_that_was_received_before_however_much_it_is() {
        let mut buffer = ReadBuffer::new();
        buffer.carry(b"abc");
        buffer.carry(b"def");
        buffer.lend(vec![0; 4].into());
        assert_eq!(buffer.unread(), b"abcdef");
        buffer.consume(5);
        buffer.compact();
        assert_eq!(buffer.unread(), b"f");
        assert_eq!(buffer.spare().len(), 5);
    }

    #[test]
    fn parks_what_is_left_once_and_gives_the_storage_back() {
        let mut buffer = ReadBuffer::new();
        buffer.lend(vec![0; 8].into());
        buffer.spare()[..6].copy_from_slice(b"abcdef");
        buffer.filled(6);
        buffer.consume(4);
        assert_eq!(buffer.park(3).map(|storage| storage.len()), Some(8));
        assert_eq!(buffer.bytes(0..1), b"d");
        assert_eq!(buffer.unread(), b"ef");
        assert!(buffer.is_parked() && buffer.spare().is_empty());
        assert_eq!(buffer.park(0), None);
        buffer.consume(1);
        buffer.reclaim();
        buffer.lend(vec![0; 8].into());
        assert_eq!(buffer.unread(), b"f");
        assert!(!buffer.is_parked());
        buffer.consume(1);
        assert!(buffer.park(1).is_some());
        assert!(!buffer.has_storage() && !buffer.is_parked());
    }

    #[test]
    fn makes_room_by_moving_undecoded_bytes_to_the_front() {
        let mut buffer = ReadBuffer::new();
        buffer.lend(vec![7; 4].into());
        buffer.filled(4);
        buffer.consume(3);
        assert!(buffer.spare().is_empty());
        buffer.compact();
        assert_eq!(buffer.spare().len(), 3);
        assert_eq!(buffer.unread(), [7]);
    }
}
