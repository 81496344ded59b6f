//! Masking of client payloads (RFC 6455 §5.3).

use fearless_simd::{Level, dispatch};

/// From how many bytes on it pays to detect the widest vectors of the processor, and to align
/// accesses to [`VECTOR`].
const LONG: usize = 512;

/// The size of the widest vectors, in bytes. It is also that of a cache line: an unaligned vector
/// crosses two cache lines, which costs two accesses.
const VECTOR: usize = 64;

/// A masking key: four bytes that a payload is XORed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskingKey([u8; 4]);

impl MaskingKey {
    /// The key of these bytes, in wire order.
    pub fn new(bytes: [u8; 4]) -> MaskingKey {
        MaskingKey(bytes)
    }

    /// The bytes, in wire order.
    pub fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// Masks or unmasks `payload` in place (RFC 6455 §5.3).
    #[inline]
    pub fn apply(self, payload: &mut [u8]) {
        match payload.len() {
            ..LONG => self.apply_in_words(payload),
            _ => self.apply_long(payload),
        }
    }

    #[inline(never)]
    fn apply_long(self, payload: &mut [u8]) {
        dispatch!(Level::new(), _level => self.apply_aligned(payload));
    }

    #[inline(always)]
    fn apply_aligned(self, payload: &mut [u8]) {
        let start = payload.as_ptr().align_offset(VECTOR).min(payload.len());
        let (start, aligned) = payload.split_at_mut(start);
        self.apply_in_words(start);
        self.advanced(start.len()).apply_in_words(aligned);
    }

    /// Applies the key to eight bytes at a time, in a form that compilers vectorize.
    #[inline(always)]
    fn apply_in_words(self, payload: &mut [u8]) {
        let word = u32::from_ne_bytes(self.0);
        let wide = u64::from(word) << 32 | u64::from(word);
        let (chunks, rest) = payload.as_chunks_mut::<8>();
        for chunk in chunks {
            *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
        }
        let (words, rest) = rest.as_chunks_mut::<4>();
        for chunk in words {
            *chunk = (u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(self.0) {
            *byte ^= key;
        }
    }

    /// The key for the bytes after the first `len` bytes of a payload.
    #[must_use]
    #[inline]
    pub fn advanced(self, len: usize) -> MaskingKey {
        // Rotated as an integer, which needs no call.
        let bits = 8 * (len % 4) as u32;
        MaskingKey(u32::from_le_bytes(self.0).rotate_right(bits).to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmasks_the_hello_of_the_specification() {
        let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]).apply(&mut payload);
        assert_eq!(&payload, b"Hello");
    }

    #[test]
    fn gives_the_same_bytes_however_the_payload_is_cut() {
        let key = MaskingKey::new([1, 2, 3, 4]);
        for len in (0..70).chain([LONG - 1, LONG, LONG + 13, 4096 + 77]) {
            let plain: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let bytewise: Vec<u8> =
                plain.iter().enumerate().map(|(at, byte)| byte ^ key.bytes()[at % 4]).collect();
            for cut in (0..=plain.len()).rev().take(70) {
                let mut payload = plain.clone();
                let (first, second) = payload.split_at_mut(cut);
                key.apply(first);
                key.advanced(cut).apply(second);
                assert_eq!(payload, bytewise, "length {len}, cut at {cut}");
            }
        }
    }
}
