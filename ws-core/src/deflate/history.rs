//! The context that the next message may refer to.

/// The last bytes of the messages so far, up to the size of the LZ77 window.
#[derive(Debug)]
pub(super) struct History {
    /// Always `bytes.len() <= limit`.
    bytes: Vec<u8>,
    /// The size of the window, in bytes.
    limit: usize,
}

impl History {
    pub(super) fn new(limit: usize) -> History {
        History { bytes: Vec::new(), limit }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        let piece = &piece[piece.len().saturating_sub(self.limit)..];
        let forgotten = (self.bytes.len() + piece.len()).saturating_sub(self.limit);
        self.bytes.drain(..forgotten);
        let needed = self.bytes.len() + piece.len();
        if needed > self.bytes.capacity() {
            let capacity = needed.next_power_of_two().min(self.limit);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_of_what_was_said_however_it_came() {
        let said: Vec<u8> = (0..=255).collect();
        for size in [1, 3, 16, 17, 100, 256] {
            let mut history = History::new(16);
            for piece in said.chunks(size) {
                history.push(piece);
                assert!(history.bytes.capacity() <= 16);
            }
            assert_eq!(history.bytes(), &said[240..], "in pieces of {size}");
        }
    }
}
