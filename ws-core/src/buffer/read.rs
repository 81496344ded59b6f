//! Bytes that were received and not yet decoded.

use std::ops::Range;

use crate::message::{Batch, Contents};

/// Received bytes, in storage that belongs to somebody else when nothing is in it.
///
/// Only what is not decoded stays behind with the connection when the storage goes: part of a
/// header or of a control frame, or what has to wait.
#[derive(Debug, Default)]
pub struct ReadBuffer {
    storage: Storage,
    /// What is not decoded yet; always within the storage.
    unread: Range<usize>,
}

/// Where received bytes lie.
#[derive(Debug, Default)]
enum Storage {
    /// Nowhere: nothing is undecoded.
    #[default]
    None,
    /// In memory that was lent.
    Lent(Batch),
    /// In memory of the connection's own, just large enough, and so not to be read into.
    Own(Vec<u8>),
}

impl ReadBuffer {
    /// A buffer without storage.
    pub fn new() -> ReadBuffer {
        ReadBuffer::default()
    }

    /// Puts bytes that were received elsewhere behind those that are undecoded. Only for a buffer
    /// that was lent nothing.
    pub fn carry(&mut self, received: &[u8]) {
        if received.is_empty() {
            return;
        }
        let mut bytes = self.storage().map_or(Vec::new(), <[u8]>::to_vec);
        bytes.drain(..self.unread.start);
        bytes.extend_from_slice(received);
        self.unread = 0..bytes.len();
        self.storage = Storage::Own(bytes);
    }

    /// Whether it was lent storage.
    #[inline]
    pub fn is_lent(&self) -> bool {
        matches!(self.storage, Storage::Lent(_))
    }

    /// Gives the buffer storage, larger than any frame header.
    #[inline]
    pub fn lend(&mut self, mut batch: Batch) {
        if let Storage::Own(kept) = &self.storage {
            let kept = &kept[self.unread.clone()];
            self.unread = 0..kept.len();
            match batch.contents_mut().storage.get_mut(..kept.len()) {
                Some(front) => front.copy_from_slice(kept),
                // More was received already than the storage holds: it serves as storage itself.
                None => batch.contents_mut().storage = kept.into(),
            }
        }
        self.storage = Storage::Lent(batch);
    }

    /// Takes the storage back, and keeps what is undecoded in memory of the connection's own.
    #[inline]
    pub fn reclaim(&mut self) -> Option<Batch> {
        match std::mem::take(&mut self.storage) {
            Storage::Lent(mut batch) => {
                if self.unread.is_empty() {
                    self.unread = 0..0;
                } else {
                    self.storage =
                        Storage::Own(batch.contents_mut().storage[self.unread.clone()].to_vec());
                    self.unread = 0..self.unread.len();
                }
                Some(batch)
            }
            kept => {
                if !self.unread.is_empty() {
                    self.storage = kept;
                }
                None
            }
        }
    }

    #[inline]
    fn storage(&self) -> Option<&[u8]> {
        match &self.storage {
            Storage::None => None,
            Storage::Lent(batch) => batch.contents().map(|contents| &*contents.storage),
            Storage::Own(storage) => Some(storage),
        }
    }

    /// What is not decoded yet.
    #[inline]
    pub fn unread(&mut self) -> &mut [u8] {
        match &mut self.storage {
            Storage::None => &mut [],
            Storage::Lent(batch) => &mut batch.contents_mut().storage[self.unread.clone()],
            Storage::Own(storage) => &mut storage[self.unread.clone()],
        }
    }

    /// Whether everything is decoded.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }

    /// Where in the storage the undecoded bytes begin.
    #[inline]
    pub fn position(&self) -> usize {
        self.unread.start
    }

    /// Marks `count` undecoded bytes as decoded.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.unread.start = (self.unread.start + count).min(self.unread.end);
    }

    /// Forgets what is not decoded.
    pub fn discard(&mut self) {
        self.unread = 0..0;
        if let Storage::Own(_) = self.storage {
            self.storage = Storage::None;
        }
    }

    /// Bytes of the storage, decoded or not.
    #[inline]
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.storage().map_or(&[], |storage| &storage[range])
    }

    /// The free part of what was lent; to be filled from its front.
    #[inline]
    pub fn spare(&mut self) -> &mut [u8] {
        match &mut self.storage {
            Storage::Lent(batch) => &mut batch.contents_mut().storage[self.unread.end..],
            Storage::None | Storage::Own(_) => &mut [],
        }
    }

    /// Tells that `count` bytes were put into the free part.
    #[inline]
    pub fn filled(&mut self, count: usize) {
        let len = self.storage().map_or(0, <[u8]>::len);
        self.unread.end = (self.unread.end + count).min(len);
    }

    /// Moves the undecoded bytes to the front. Ranges handed out before do not hold any more.
    #[inline]
    pub fn compact(&mut self) {
        let Storage::Lent(batch) = &mut self.storage else { return };
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.start > 0 {
            batch.contents_mut().storage.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
    }

    /// What was lent, and where in it the undecoded bytes are: those at its front may be decoded.
    #[inline]
    pub(crate) fn lent(&mut self) -> Option<(&mut Contents, &mut Range<usize>)> {
        match &mut self.storage {
            Storage::Lent(batch) => Some((batch.contents_mut(), &mut self.unread)),
            Storage::None | Storage::Own(_) => None,
        }
    }

    /// What was lent.
    #[inline]
    pub(crate) fn batch(&mut self) -> Option<&mut Contents> {
        match &mut self.storage {
            Storage::Lent(batch) => Some(batch.contents_mut()),
            Storage::None | Storage::Own(_) => None,
        }
    }

    /// How much memory of the connection's own it takes, in bytes.
    pub fn held(&self) -> usize {
        match &self.storage {
            Storage::None | Storage::Lent(_) => 0,
            Storage::Own(bytes) => bytes.capacity(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(byte: u8, len: usize) -> Batch {
        Batch::new(vec![byte; len].into())
    }

    #[test]
    fn keeps_undecoded_bytes_between_two_loans() {
        let mut buffer = ReadBuffer::new();
        buffer.lend(batch(0, 8));
        buffer.spare()[..5].copy_from_slice(b"abcde");
        buffer.filled(5);
        buffer.consume(3);
        assert_eq!(buffer.reclaim().map(|batch| batch.capacity()), Some(8));
        assert!(!buffer.is_lent() && !buffer.is_empty());
        assert_eq!(buffer.unread(), b"de");
        assert_eq!((buffer.reclaim().is_none(), buffer.held()), (true, 2));
        buffer.lend(batch(9, 8));
        assert_eq!(buffer.held(), 0);
        assert_eq!(buffer.unread(), b"de");
        buffer.consume(2);
        assert!(buffer.is_empty());
    }

    #[test]
    fn loses_nothing_that_was_received_before_however_much_it_is() {
        let mut buffer = ReadBuffer::new();
        buffer.carry(b"abc");
        buffer.consume(1);
        buffer.carry(b"def");
        buffer.lend(batch(0, 4));
        assert_eq!(buffer.unread(), b"bcdef");
        buffer.consume(4);
        buffer.compact();
        assert_eq!(buffer.unread(), b"f");
        assert_eq!(buffer.spare().len(), 4);
    }

    #[test]
    fn makes_room_by_moving_undecoded_bytes_to_the_front() {
        let mut buffer = ReadBuffer::new();
        buffer.lend(batch(7, 4));
        buffer.filled(4);
        buffer.consume(3);
        assert!(buffer.spare().is_empty());
        buffer.compact();
        assert_eq!(buffer.spare().len(), 3);
        assert_eq!(buffer.unread(), [7]);
    }

    #[test]
    fn holds_nothing_of_what_it_forgets() {
        let mut buffer = ReadBuffer::new();
        buffer.carry(b"abc");
        buffer.discard();
        assert_eq!((buffer.is_empty(), buffer.held(), buffer.is_lent()), (true, 0, false));
    }
}
