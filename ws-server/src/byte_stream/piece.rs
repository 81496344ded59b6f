//! The bytes of a stream that are next to be read.

use std::ops::Range;

/// Where the bytes are that are next to be read. The range begins with the first one not read.
#[derive(Debug)]
pub(super) enum Piece {
    /// In the read buffer of the connection; moved to `decoded` before more is read ahead.
    Buffered(Range<usize>),
    /// In `decoded`.
    Decoded(Range<usize>),
}

impl Piece {
    pub(super) fn range(&self) -> &Range<usize> {
        match self {
            Piece::Buffered(range) | Piece::Decoded(range) => range,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.range().is_empty()
    }

    pub(super) fn consume(&mut self, count: usize) {
        let (Piece::Buffered(range) | Piece::Decoded(range)) = self;
        range.start = (range.start + count).min(range.end);
    }
}
