//! The frame header of HyBi-07 and everything after it (RFC 6455 §5.2).

use super::MaskingKey;
use crate::protocol_error::ProtocolError;

/// The longest payload of a control frame (RFC 6455 §5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// The longest header: two bytes, a length of 64 bits, a masking key.
pub(crate) const MAX_HEADER_BYTES: usize = 14;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;
const LEN: u8 = 0x7f;

/// The header of a frame. Exhaustive: these are all fields that it has on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Whether the message ends with this frame.
    pub fin: bool,
    /// RSV1, RSV2 and RSV3, in their places (`0x40`, `0x20`, `0x10`).
    pub reserved: u8,
    /// The four bits of the opcode, reserved ones included.
    pub opcode: u8,
    /// The masking key, if the payload is masked.
    pub key: Option<MaskingKey>,
    /// The length of the payload, at most 2^63 - 1.
    pub len: u64,
}

/// A parsed header, and how it was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParsedHeader {
    /// The header.
    pub header: FrameHeader,
    /// The size of the header, in bytes.
    pub size: usize,
    /// Whether the payload length is encoded in the fewest bytes (RFC 6455 §5.2).
    pub minimal: bool,
}

impl FrameHeader {
    /// Reads a header from the front of `bytes`; `None` when it is not complete.
    ///
    /// # Errors
    /// [`ProtocolError::LengthOverflow`] when the top bit of a 64-bit length is set.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Option<ParsedHeader>, ProtocolError> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let (len, rest, least) = match second & LEN {
            126 => match rest.split_first_chunk::<2>() {
                Some((len, rest)) => (u64::from(u16::from_be_bytes(*len)), rest, 126),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk::<8>() {
                Some((len, rest)) => (u64::from_be_bytes(*len), rest, 65536),
                None => return Ok(None),
            },
            short => (u64::from(short), rest, 0),
        };
        if len >> 63 != 0 {
            return Err(ProtocolError::LengthOverflow);
        }
        let (key, rest) = match second & MASK {
            0 => (None, rest),
            _ => match rest.split_first_chunk::<4>() {
                Some((key, rest)) => (Some(MaskingKey::new(*key)), rest),
                None => return Ok(None),
            },
        };
        let header = FrameHeader {
            fin: first & FIN != 0,
            reserved: first & RESERVED,
            opcode: first & OPCODE,
            key,
            len,
        };
        let size = bytes.len() - rest.len();
        Ok(Some(ParsedHeader { header, size, minimal: len >= least }))
    }

    /// Appends the header in its shortest form.
    #[inline]
    pub fn append(&self, output: &mut Vec<u8>) {
        self.encode(|bytes| output.extend_from_slice(bytes));
    }

    /// The header in its shortest form, without an allocation.
    #[inline]
    pub fn to_bytes(&self) -> HeaderBytes {
        let mut header = HeaderBytes { bytes: [0; MAX_HEADER_BYTES], len: 0 };
        self.encode(|bytes| header.push(bytes));
        header
    }

    /// Passes the shortest form to `put`, in pieces of fixed sizes.
    #[inline(always)]
    fn encode(&self, mut put: impl FnMut(&[u8])) {
        let first = if self.fin { FIN } else { 0 } | self.reserved | self.opcode;
        let mask = if self.key.is_some() { MASK } else { 0 };
        match self.len {
            len @ 0..126 => put(&[first, mask | len as u8]),
            len @ 126..65536 => {
                let [high, low] = (len as u16).to_be_bytes();
                put(&[first, mask | 126, high, low]);
            }
            len => {
                put(&[first, mask | 127]);
                put(&len.to_be_bytes());
            }
        }
        if let Some(key) = self.key {
            put(&key.bytes());
        }
    }

    /// How many bytes the shortest form takes.
    pub(crate) fn size(&self) -> usize {
        let len = match self.len {
            0..126 => 2,
            126..65536 => 4,
            _ => 10,
        };
        len + if self.key.is_some() { 4 } else { 0 }
    }
}

/// The bytes of a [`FrameHeader`].
#[derive(Debug, Clone, Copy)]
pub struct HeaderBytes {
    bytes: [u8; MAX_HEADER_BYTES],
    /// At most [`MAX_HEADER_BYTES`].
    len: usize,
}

impl HeaderBytes {
    #[inline(always)]
    fn push(&mut self, piece: &[u8]) {
        let end = self.len + piece.len();
        self.bytes[self.len..end].copy_from_slice(piece);
        self.len = end;
    }
}

impl std::ops::Deref for HeaderBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(len: u64, key: Option<MaskingKey>) -> FrameHeader {
        FrameHeader { fin: true, reserved: 0, opcode: 2, key, len }
    }

    #[test]
    fn writes_the_shortest_length() {
        let vectors: [(u64, &[u8]); 6] = [
            (0, &[0x82, 0x00]),
            (125, &[0x82, 0x7d]),
            (126, &[0x82, 0x7e, 0x00, 0x7e]),
            (256, &[0x82, 0x7e, 0x01, 0x00]),
            (65535, &[0x82, 0x7e, 0xff, 0xff]),
            (65536, &[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
        ];
        for (len, wire) in vectors {
            assert_eq!(*header(len, None).to_bytes(), *wire);
            let masked = header(len, Some(MaskingKey::new([0; 4])));
            assert_eq!((header(len, None).size(), masked.size()), (wire.len(), wire.len() + 4));
            let parsed = FrameHeader::parse(wire).unwrap().unwrap();
            assert_eq!((parsed.header, parsed.size), (header(len, None), wire.len()));
            assert!(parsed.minimal);
        }
    }

    #[test]
    fn asks_for_more_until_the_header_is_whole() {
        let bytes = header(65536, Some(MaskingKey::new([1, 2, 3, 4]))).to_bytes();
        for cut in 0..bytes.len() {
            assert_eq!(FrameHeader::parse(&bytes[..cut]), Ok(None));
        }
        assert!(FrameHeader::parse(&bytes).unwrap().is_some());
    }

    #[test]
    fn notices_a_length_in_more_bytes_than_it_needs() {
        for wire in [&[0x82, 0x7e, 0, 125][..], &[0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff]] {
            assert!(!FrameHeader::parse(wire).unwrap().unwrap().minimal);
        }
    }

    #[test]
    fn refuses_a_length_with_its_top_bit_set() {
        let wire = [0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(FrameHeader::parse(&wire), Err(ProtocolError::LengthOverflow));
    }
}
