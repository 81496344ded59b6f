//! The send buffer: encoded frames that wait for the socket.

/// Encoded frames that the socket has not accepted yet.
///
/// It holds no memory when it is empty and its storage was [reclaimed](SendBuffer::reclaim).
#[derive(Debug, Default)]
pub(crate) struct SendBuffer {
    /// Encoded frames, oldest first. Empty when the buffer [is empty](SendBuffer::is_empty).
    bytes: Vec<u8>,
    /// How many bytes at the front of `bytes` the socket has accepted.
    ///
    /// Always `sent <= gap <= bytes.len()`, without `gap` where that is `None`.
    sent: usize,
    /// The offset in `bytes` of a payload that the caller writes to the socket itself. The bytes
    /// after it must not be sent before that payload.
    ///
    /// `Some` only between [`open_gap`](SendBuffer::open_gap) and
    /// [`close_gap`](SendBuffer::close_gap) or [`discard`](SendBuffer::discard).
    gap: Option<usize>,
    /// Whether the socket would have blocked since the buffer was last empty. Never `true`
    /// while it is empty.
    refused: bool,
}

impl SendBuffer {
    /// How many bytes wait to be sent, those after a gap included.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Whether nothing waits to be sent, and there is no gap.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.len() == self.sent && self.gap.is_none()
    }

    /// The bytes that can be sent now, oldest first: those before a gap.
    #[inline]
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..self.gap.unwrap_or(self.bytes.len())]
    }

    /// The storage, to append encoded frames to.
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

    /// Opens a gap at the end of the buffer. There must be none yet.
    pub(crate) fn open_gap(&mut self) {
        self.gap = Some(self.bytes.len());
    }

    /// Whether there is a gap.
    pub(crate) fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// Inserts `rest`, the unsent rest of the payload, and `tail` at the gap, and closes it.
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

    /// Removes `count` bytes that the socket has accepted, at most the length of
    /// [`unsent`](SendBuffer::unsent).
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

    /// Discards all that waits to be sent, and the gap.
    pub(crate) fn discard(&mut self) {
        self.gap = None;
        self.advance(self.len());
    }

    /// Reports that the socket would block.
    pub(crate) fn refuse(&mut self) {
        self.refused = !self.is_empty();
    }

    /// Whether bytes wait because the socket would have blocked.
    #[inline]
    pub(crate) fn is_backed_up(&self) -> bool {
        self.refused
    }

    /// Whether it has allocated storage, its own or lent.
    #[inline]
    pub(crate) fn has_storage(&self) -> bool {
        self.bytes.capacity() > 0
    }

    /// Lends it storage, unless it has some.
    #[inline]
    pub(crate) fn lend(&mut self, storage: Vec<u8>) {
        if self.bytes.capacity() == 0 {
            self.bytes = storage;
            self.bytes.clear();
        }
    }

    /// Returns its storage, if the buffer is empty and has some.
    #[inline]
    pub(crate) fn reclaim(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && self.has_storage()).then(|| std::mem::take(&mut self.bytes))
    }

    /// The capacity of its storage while something waits to be sent, in bytes; else 0.
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
    fn sends_nothing_after_a_gap_before_it_is_closed() {
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
    fn is_empty_after_a_gap_whose_payload_the_caller_has_written() {
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
