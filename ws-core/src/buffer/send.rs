//! Bytes that wait to be sent.

/// Encoded frames on their way to the socket.
///
/// It holds no memory when it is empty and its storage was [reclaimed](SendBuffer::reclaim).
#[derive(Debug, Default)]
pub(crate) struct SendBuffer {
    bytes: Vec<u8>,
    sent: usize,
    /// Where the payload of a message belongs that its sender writes himself: what lies behind
    /// has to wait for it.
    gap: Option<usize>,
    refused: bool,
}

impl SendBuffer {
    /// How many bytes wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Whether nothing waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.len() == self.sent && self.gap.is_none()
    }

    /// What can be sent, oldest first.
    #[inline]
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..self.gap.unwrap_or(self.bytes.len())]
    }

    /// Where to append encoded frames.
    #[inline]
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends encoded frames, and leaves `encoded` empty.
    #[inline]
    pub(crate) fn append(&mut self, encoded: &mut Vec<u8>) {
        if self.bytes.is_empty() {
            std::mem::swap(&mut self.bytes, encoded);
        } else {
            self.bytes.append(encoded);
        }
    }

    /// Leaves a gap behind what waits.
    pub(crate) fn open_gap(&mut self) {
        self.gap = Some(self.bytes.len());
    }

    /// Whether there is a gap.
    pub(crate) fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// Puts the rest of what belongs there into the gap, and closes it.
    pub(crate) fn close_gap(&mut self, rest: &[u8], tail: &[u8]) {
        let Some(gap) = self.gap.take() else { return };
        if gap == self.bytes.len() {
            self.bytes.extend_from_slice(rest);
            self.bytes.extend_from_slice(tail);
        } else {
            self.bytes.splice(gap..gap, rest.iter().chain(tail).copied());
        }
        self.advance(0);
    }

    /// Marks `count` bytes as sent.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.sent = (self.sent + count).min(self.bytes.len());
        if self.is_empty() {
            self.bytes.clear();
            self.sent = 0;
            self.refused = false;
        } else {
            self.move_up();
        }
    }

    #[cold]
    fn move_up(&mut self) {
        if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.gap = self.gap.map(|gap| gap - self.sent);
            self.sent = 0;
        }
    }

    /// Forgets what waits.
    pub(crate) fn discard(&mut self) {
        self.gap = None;
        self.advance(self.len());
    }

    /// Tells that the socket takes no more for now.
    pub(crate) fn refuse(&mut self) {
        self.refused = !self.is_empty();
    }

    /// Whether bytes wait that the socket did not take.
    #[inline]
    pub(crate) fn is_backed_up(&self) -> bool {
        self.refused
    }

    /// Whether it has storage to give back or to use.
    #[inline]
    pub(crate) fn has_storage(&self) -> bool {
        self.bytes.capacity() > 0
    }

    /// Gives an empty buffer its storage.
    #[inline]
    pub(crate) fn lend(&mut self, storage: Vec<u8>) {
        if self.bytes.capacity() == 0 {
            self.bytes = storage;
            self.bytes.clear();
        }
    }

    /// Takes the storage back, if nothing waits in it.
    #[inline]
    pub(crate) fn reclaim(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && self.has_storage()).then(|| std::mem::take(&mut self.bytes))
    }

    /// How much memory it takes while something waits, in bytes.
    pub(crate) fn held(&self) -> usize {
        if self.is_empty() { 0 } else { self.bytes.capacity() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_in_order_whatever_the_pieces() {
        let mut buffer = SendBuffer::default();
        buffer.bytes().extend_from_slice(b"abcdef");
        buffer.advance(2);
        assert_eq!(buffer.unsent(), b"cdef");
        buffer.bytes().extend_from_slice(b"gh");
        buffer.advance(4);
        assert_eq!(buffer.unsent(), b"gh");
        buffer.advance(2);
        assert!(buffer.is_empty());
        assert!(buffer.reclaim().is_some());
        assert!(!buffer.has_storage());
    }

    #[test]
    fn sends_nothing_that_lies_behind_a_gap_before_it_is_closed() {
        for in_part in [0, 3] {
            let mut buffer = SendBuffer::default();
            buffer.bytes().extend_from_slice(b"head");
            buffer.open_gap();
            buffer.bytes().extend_from_slice(b"behind");
            assert_eq!((buffer.unsent(), buffer.len()), (&b"head"[..], 10));
            buffer.advance(4);
            assert_eq!((buffer.unsent(), buffer.is_empty()), (&b""[..], false));
            assert_eq!(buffer.reclaim(), None);
            buffer.close_gap(&b"payload"[in_part..], b"tail");
            assert_eq!(buffer.unsent(), [&b"payload"[in_part..], b"tailbehind"].concat());
        }
    }

    #[test]
    fn is_empty_behind_a_gap_that_was_filled_elsewhere() {
        let mut buffer = SendBuffer::default();
        buffer.bytes().extend_from_slice(b"head");
        buffer.open_gap();
        buffer.advance(4);
        buffer.close_gap(b"", b"");
        assert!(buffer.is_empty() && buffer.reclaim().is_some());
    }

    #[test]
    fn is_backed_up_until_it_is_empty() {
        let mut buffer = SendBuffer::default();
        buffer.refuse();
        assert!(!buffer.is_backed_up());
        buffer.bytes().extend_from_slice(b"abc");
        buffer.refuse();
        buffer.advance(1);
        assert!(buffer.is_backed_up());
        assert_eq!(buffer.reclaim(), None);
        buffer.advance(2);
        assert!(!buffer.is_backed_up());
    }
}
