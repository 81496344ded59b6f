//! Bytes that wait to be sent.

/// Encoded frames on their way to the socket.
///
/// It holds no memory when it is empty and its storage was [reclaimed](SendBuffer::reclaim).
#[derive(Debug, Default)]
pub struct SendBuffer {
    bytes: Vec<u8>,
    sent: usize,
    refused: bool,
}

impl SendBuffer {
    /// An empty buffer.
    pub fn new() -> SendBuffer {
        SendBuffer::default()
    }

    /// How many bytes wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == self.sent
    }

    /// What waits, oldest first.
    #[inline]
    pub fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Where to append encoded frames.
    #[inline]
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Marks `count` bytes as sent.
    #[inline]
    pub fn advance(&mut self, count: usize) {
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
            self.sent = 0;
        }
    }

    /// Forgets what waits.
    pub fn discard(&mut self) {
        self.advance(self.len());
    }

    /// Tells that the socket takes no more for now.
    pub fn refuse(&mut self) {
        self.refused = !self.is_empty();
    }

    /// Whether bytes wait that the socket did not take.
    #[inline]
    pub fn is_backed_up(&self) -> bool {
        self.refused
    }

    /// Whether it has storage to give back or to use.
    #[inline]
    pub fn has_storage(&self) -> bool {
        self.bytes.capacity() > 0
    }

    /// Gives an empty buffer its storage.
    #[inline]
    pub fn lend(&mut self, storage: Vec<u8>) {
        if self.bytes.capacity() == 0 {
            self.bytes = storage;
            self.bytes.clear();
        }
    }

    /// Takes the storage back, if nothing waits in it.
    #[inline]
    pub fn reclaim(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && self.has_storage()).then(|| std::mem::take(&mut self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_in_order_whatever_the_pieces() {
        let mut buffer = SendBuffer::new();
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
    fn is_backed_up_until_it_is_empty() {
        let mut buffer = SendBuffer::new();
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
