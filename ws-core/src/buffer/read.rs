//! The receive buffer: bytes that were received and not yet decoded.

use std::ops::Range;

use crate::message::{Batch, Contents};

/// Received bytes, in a buffer that the caller lends.
///
/// The caller can [take the buffer back](ReadBuffer::reclaim) at any time, so that many connections
/// share one. Undecoded bytes are then copied into memory of the connection: part of a header or
/// of a control frame, or frames that have to wait.
#[derive(Debug, Default)]
pub(crate) struct ReadBuffer {
    storage: Storage,
    /// The undecoded bytes, as a range of the storage.
    ///
    /// Always `start <= end`. While the range is not empty, `end` is within the storage; while
    /// there is no storage, it is empty.
    unread: Range<usize>,
}

/// The memory that holds received bytes.
#[derive(Debug, Default)]
enum Storage {
    /// No memory; nothing is undecoded.
    #[default]
    None,
    /// The lent buffer.
    Lent(Batch),
    /// An allocation of the connection that holds the undecoded bytes. It is never read into.
    Own(Vec<u8>),
}

impl ReadBuffer {
    /// A buffer that holds these undecoded bytes.
    pub(crate) fn new(received: &[u8]) -> ReadBuffer {
        let storage = match received {
            [] => Storage::None,
            _ => Storage::Own(received.to_vec()),
        };
        ReadBuffer { storage, unread: 0..received.len() }
    }

    /// Whether a buffer is lent.
    #[inline]
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self.storage, Storage::Lent(_))
    }

    /// Lends a buffer to receive into, larger than any frame header. The undecoded bytes are copied
    /// to its front. Must not be called while a buffer is lent.
    #[inline]
    pub(crate) fn lend(&mut self, mut batch: Batch) {
        if let Storage::Own(kept) = &self.storage {
            let kept = &kept[self.unread.clone()];
            self.unread = 0..kept.len();
            match batch.contents_mut().storage.get_mut(..kept.len()) {
                Some(front) => front.copy_from_slice(kept),
                // More bytes are undecoded than the lent storage holds: they replace it.
                None => batch.contents_mut().storage = kept.into(),
            }
        }
        self.storage = Storage::Lent(batch);
    }

    /// Returns the lent buffer, and copies the undecoded bytes into memory of the connection.
    #[inline]
    pub(crate) fn reclaim(&mut self) -> Option<Batch> {
        let unread = std::mem::replace(&mut self.unread, 0..0);
        match std::mem::take(&mut self.storage) {
            Storage::Lent(mut batch) => {
                if !unread.is_empty() {
                    let kept = batch.contents_mut().storage[unread].to_vec();
                    self.unread = 0..kept.len();
                    self.storage = Storage::Own(kept);
                }
                Some(batch)
            }
            own => {
                if !unread.is_empty() {
                    (self.storage, self.unread) = (own, unread);
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

    /// The undecoded bytes.
    #[inline]
    pub(crate) fn unread(&mut self) -> &mut [u8] {
        match &mut self.storage {
            Storage::None => &mut [],
            Storage::Lent(batch) => &mut batch.contents_mut().storage[self.unread.clone()],
            Storage::Own(storage) => &mut storage[self.unread.clone()],
        }
    }

    /// Whether everything is decoded.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }

    /// The offset of the undecoded bytes in the storage.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.unread.start
    }

    /// Marks `count` undecoded bytes as decoded.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.unread.start = (self.unread.start + count).min(self.unread.end);
    }

    /// Discards the undecoded bytes.
    pub(crate) fn discard(&mut self) {
        self.unread = 0..0;
        if let Storage::Own(_) = self.storage {
            self.storage = Storage::None;
        }
    }

    /// The bytes of the storage in `range`, decoded or not.
    ///
    /// # Panics
    /// When there is a storage and `range` is not within it.
    #[inline]
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.storage().map_or(&[], |storage| &storage[range])
    }

    /// The free part of the lent buffer, to be filled from its front; empty when none is lent.
    #[inline]
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        match &mut self.storage {
            Storage::Lent(batch) => &mut batch.contents_mut().storage[self.unread.end..],
            Storage::None | Storage::Own(_) => &mut [],
        }
    }

    /// Reports that `count` bytes were written to the [free part](ReadBuffer::spare).
    #[inline]
    pub(crate) fn filled(&mut self, count: usize) {
        let len = self.storage().map_or(0, <[u8]>::len);
        self.unread.end = (self.unread.end + count).min(len);
    }

    /// Moves the undecoded bytes to the front of the lent buffer. This invalidates ranges of the
    /// storage that were returned before.
    #[inline]
    pub(crate) fn compact(&mut self) {
        let Storage::Lent(batch) = &mut self.storage else { return };
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.start > 0 {
            batch.contents_mut().storage.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
    }

    /// The lent buffer, and the range of the undecoded bytes in it. A caller that decodes bytes
    /// advances the start of the range.
    #[inline]
    pub(crate) fn lent(&mut self) -> Option<(&mut Contents, &mut Range<usize>)> {
        match &mut self.storage {
            Storage::Lent(batch) => Some((batch.contents_mut(), &mut self.unread)),
            Storage::None | Storage::Own(_) => None,
        }
    }

    /// The lent buffer.
    #[inline]
    pub(crate) fn batch(&mut self) -> Option<&mut Contents> {
        match &mut self.storage {
            Storage::Lent(batch) => Some(batch.contents_mut()),
            Storage::None | Storage::Own(_) => None,
        }
    }

    /// How much memory of the connection it uses, in bytes; a lent buffer does not count.
    pub(crate) fn held(&self) -> usize {
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
        let mut buffer = ReadBuffer::default();
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
        let mut buffer = ReadBuffer::new(b"abcdef");
        buffer.consume(1);
        buffer.lend(batch(0, 4));
        assert_eq!(buffer.unread(), b"bcdef");
        buffer.consume(4);
        buffer.compact();
        assert_eq!(buffer.unread(), b"f");
        assert_eq!(buffer.spare().len(), 4);
    }

    #[test]
    fn fills_a_lent_buffer_from_its_front_after_bytes_of_its_own_were_decoded() {
        let mut buffer = ReadBuffer::new(b"abcdef");
        buffer.consume(6);
        assert!(buffer.reclaim().is_none());
        buffer.lend(batch(0, 4));
        assert_eq!(buffer.spare().len(), 4);
    }

    #[test]
    fn makes_room_by_moving_undecoded_bytes_to_the_front() {
        let mut buffer = ReadBuffer::default();
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
        let mut buffer = ReadBuffer::new(b"abc");
        buffer.discard();
        assert_eq!((buffer.is_empty(), buffer.held(), buffer.is_lent()), (true, 0, false));
    }
}
