//! How bytes are cut: the beginning of the input controls it, the rest is cut.

/// The bytes to cut, and the sizes of the pieces, which repeat.
pub(crate) struct Slices<'d> {
    pub(crate) bytes: &'d [u8],
    sizes: &'d [u8],
}

/// The most sizes before they repeat.
const MOST_SIZES: usize = 7;
/// The most pieces that a long input is cut into, to save time.
const MOST_PIECES: usize = 256;

impl<'d> Slices<'d> {
    pub(crate) fn read(data: &'d [u8]) -> Slices<'d> {
        let (count, rest) = data.split_first().unwrap_or((&0, data));
        let (sizes, bytes) = rest.split_at((usize::from(*count) & MOST_SIZES).min(rest.len()));
        Slices { bytes, sizes }
    }

    /// The same cuts for other bytes.
    pub(crate) fn of<'b>(&self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let mut pieces = Vec::new();
        let mut rest = bytes;
        let mut sizes = self.sizes.iter().cycle();
        let least = bytes.len() / MOST_PIECES + 1;
        while !rest.is_empty() {
            let size = sizes.next().map_or(1, |size| usize::from(*size) + 1).max(least);
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        pieces
    }

    /// The bytes, cut.
    pub(crate) fn pieces(&self) -> Vec<&'d [u8]> {
        self.of(self.bytes)
    }
}
