//! Headers of HyBi frames, which may arrive in pieces.

/// The header of the current frame.
#[derive(Debug, Default)]
pub(crate) struct Header {
    bytes: [u8; LONGEST],
    /// Bytes of an incomplete header.
    have: usize,
}

/// From a server, which does not mask.
const LONGEST: usize = 10;

impl Header {
    /// Takes a header from the front of `input` and returns the length of the payload; none when
    /// the header is incomplete.
    #[inline]
    pub(crate) fn take(&mut self, input: &mut &[u8]) -> Option<u64> {
        if self.have == 0 && input.len() >= LONGEST {
            self.bytes[..2].copy_from_slice(&input[..2]);
            let (length, used) = length(input);
            *input = &input[used..];
            return Some(length);
        }
        while self.have < needed(&self.bytes[..self.have]) {
            let (first, rest) = input.split_first()?;
            self.bytes[self.have] = *first;
            self.have += 1;
            *input = rest;
        }
        self.have = 0;
        Some(length(&self.bytes).0)
    }

    #[inline]
    pub(crate) fn fin(&self) -> bool {
        self.bytes[0] & 0x80 != 0
    }

    #[inline]
    pub(crate) fn rsv1(&self) -> bool {
        self.bytes[0] & 0x40 != 0
    }

    #[inline]
    pub(crate) fn opcode(&self) -> u8 {
        self.bytes[0] & 0x0f
    }

    #[inline]
    pub(crate) fn masked(&self) -> bool {
        self.bytes[1] & 0x80 != 0
    }
}

fn needed(header: &[u8]) -> usize {
    match header.get(1).map(|byte| byte & 0x7f) {
        Some(126) => 4,
        Some(127) => LONGEST,
        _ => 2,
    }
}

/// The length of the payload, and of the header.
#[inline]
fn length(header: &[u8]) -> (u64, usize) {
    match header[1] & 0x7f {
        126 => (u64::from(u16::from_be_bytes([header[2], header[3]])), 4),
        127 => {
            let bytes = [2, 3, 4, 5, 6, 7, 8, 9].map(|at| header[at]);
            (u64::from_be_bytes(bytes), LONGEST)
        }
        length => (u64::from(length), 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_may_come_in_pieces() {
        let headers: [(&[u8], u64); 3] = [
            (b"\x82\x05", 5),
            (b"\x82\x7e\x01\x00", 256),
            (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 65536),
        ];
        for (bytes, length) in headers {
            for cut in 0..bytes.len() {
                let mut header = Header::default();
                let mut first = &bytes[..cut];
                assert_eq!(header.take(&mut first), None);
                assert!(first.is_empty());
                let mut rest = [&bytes[cut..], b"payload of some bytes"].concat();
                let mut rest = &mut rest[..] as &[u8];
                assert_eq!(header.take(&mut rest), Some(length));
                assert_eq!(rest, b"payload of some bytes");
                assert!(header.fin() && !header.masked() && header.opcode() == 2);
            }
        }
    }
}
