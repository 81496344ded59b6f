//! Converts a client's frames to a server's.

use fearless_simd::{Level, dispatch};

/// The state of a connection between two reads.
#[derive(Default)]
pub(crate) struct Frames {
    /// The beginning of a header.
    part: Vec<u8>,
    /// The remaining payload length of a frame whose header has been echoed, and its masking key.
    left: usize,
    key: [u8; 4],
}

/// From this length on, detecting the widest vectors of the processor is worthwhile.
const LONG: usize = 64;

impl Frames {
    /// Puts the beginning of a header before the next read; returns its length.
    #[inline]
    pub(crate) fn carry(&self, buffer: &mut [u8]) -> usize {
        buffer[..self.part.len()].copy_from_slice(&self.part);
        self.part.len()
    }

    /// Echoes `data`: a header as soon as it is complete, and the available part of a payload.
    /// False for a control frame.
    #[inline]
    pub(crate) fn answer(&mut self, data: &mut [u8], out: &mut Vec<u8>) -> bool {
        self.part.clear();
        let mut at = 0;
        while at < data.len() {
            if self.left > 0 {
                let end = at + self.left.min(data.len() - at);
                let payload = &mut data[at..end];
                unmask(payload, self.key);
                out.extend_from_slice(payload);
                self.key.rotate_left(payload.len() % 4);
                self.left -= payload.len();
                at = end;
                continue;
            }
            let Some((length, header)) = header(&data[at..]) else {
                self.part.extend_from_slice(&data[at..]);
                return true;
            };
            let (header, key) = data[at..at + header].split_at(header - 4);
            if header[0] & 0x0f >= 8 {
                return false;
            }
            out.extend_from_slice(&[header[0], header[1] & 0x7f]);
            out.extend_from_slice(&header[2..]);
            self.key.copy_from_slice(key);
            self.left = length;
            at += header.len() + 4;
        }
        true
    }
}

/// The lengths of the payload and of the header.
fn header(data: &[u8]) -> Option<(usize, usize)> {
    let (length, header) = match data.get(1)? & 0x7f {
        126 => (u64::from(u16::from_be_bytes(*data.get(2..4)?.first_chunk()?)), 8),
        127 => (u64::from_be_bytes(*data.get(2..10)?.first_chunk()?), 14),
        length => (u64::from(length), 6),
    };
    (data.len() >= header).then_some((length as usize, header))
}

fn unmask(payload: &mut [u8], key: [u8; 4]) {
    if payload.len() < LONG {
        unmask_in_words(payload, key);
    } else {
        dispatch!(Level::new(), _level => unmask_in_words(payload, key));
    }
}

#[inline(always)]
fn unmask_in_words(payload: &mut [u8], key: [u8; 4]) {
    let word = u64::from(u32::from_ne_bytes(key));
    let word = (word << 32) | word;
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (at, byte) in rest.iter_mut().enumerate() {
        *byte ^= key[at % 4];
    }
}
