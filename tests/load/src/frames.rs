//! All data to send, built once before the clock starts.

use crate::draft::Draft;
use crate::inflate::deflated;
use crate::payload::{Content, MessageOptions, Random, payload};
use crate::request::request;

/// Decimal digits of the number that a message begins with, and a space.
pub(crate) const DIGITS: usize = 8;

/// The payload bytes of a cycle, unless messages are long.
const SPAN: usize = 1 << 18;
/// The same for compressed messages, which should not repeat too soon.
const COMPRESSED_SPAN: usize = 1 << 20;
const MOST_MESSAGES: usize = 512;

/// A cycle of messages as they are on the wire.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) draft: Draft,
    pub(crate) stream: bool,
    pub(crate) deflate: Option<bool>,
    /// The cycle, then its beginning again, so that any `depth` messages are contiguous.
    pub(crate) bytes: Vec<u8>,
    /// Bytes of the cycle.
    pub(crate) cycle: usize,
    /// Bytes of each message on the wire.
    pub(crate) lengths: Vec<usize>,
    pub(crate) payloads: Vec<Vec<u8>>,
    /// The opening handshake.
    pub(crate) request: Vec<u8>,
}

impl Ring {
    /// A ring of which `depth` messages are sent at once.
    pub(crate) fn build(options: &MessageOptions, depth: usize) -> Ring {
        let mut random = Random::new();
        let span = if options.deflate.is_some() { COMPRESSED_SPAN } else { SPAN };
        let mut messages = (span / options.size.max(1)).clamp(2, MOST_MESSAGES);
        if options.numbered {
            // Numbers wrap around: there are far more of them than messages in flight.
            messages = messages.max(8 * depth);
        }
        let mut bytes = Vec::new();
        let mut lengths = Vec::with_capacity(messages);
        let mut payloads = Vec::with_capacity(messages);
        for number in 0..messages {
            let mut payload = payload(options.content, options.size, &mut random);
            if options.numbered {
                payload[..DIGITS].copy_from_slice(format!("{number:07} ").as_bytes());
            }
            let start = bytes.len();
            write_message(options, &payload, &mut random, &mut bytes);
            lengths.push(bytes.len() - start);
            payloads.push(payload);
        }
        let cycle = bytes.len();
        let mut again: usize = lengths.iter().cycle().take(depth).sum();
        while again > 0 {
            let count = again.min(cycle);
            bytes.extend_from_within(..count);
            again -= count;
        }
        Ring {
            draft: options.draft,
            stream: options.stream,
            deflate: options.deflate,
            bytes,
            cycle,
            lengths,
            payloads,
            request: request(options),
        }
    }

    /// The message after `message`.
    #[inline]
    pub(crate) fn after(&self, message: usize) -> usize {
        if message + 1 == self.payloads.len() { 0 } else { message + 1 }
    }
}

fn write_message(
    options: &MessageOptions,
    payload: &[u8],
    random: &mut Random,
    bytes: &mut Vec<u8>,
) {
    match options.draft {
        Draft::Tcp => bytes.extend_from_slice(payload),
        Draft::Hixie75 | Draft::Hixie76 => {
            bytes.push(0);
            bytes.extend_from_slice(payload);
            bytes.push(0xff);
        }
        Draft::Rfc6455 | Draft::Hybi08 | Draft::Hybi07 => {
            let opcode = if options.content == Content::Binary { 2 } else { 1 };
            match options.deflate {
                None => write_frames(opcode, payload, options.fragments, random, bytes),
                Some(_) => {
                    let compressed = deflated(payload);
                    write_frames(0x40 | opcode, &compressed, options.fragments, random, bytes);
                }
            }
        }
    }
}

/// `first` is the first byte of the first frame, without FIN.
fn write_frames(
    first: u8,
    payload: &[u8],
    fragments: usize,
    random: &mut Random,
    bytes: &mut Vec<u8>,
) {
    let frames = fragments.min(payload.len().max(1));
    let part = payload.len().div_ceil(frames).max(1);
    for frame in 0..frames {
        let piece = &payload[(frame * part).min(payload.len())..];
        let piece = &piece[..part.min(piece.len())];
        let fin = if frame == frames - 1 { 0x80 } else { 0 };
        let first = if frame == 0 { first } else { 0 };
        // No byte of a key is 0, so that every byte is masked.
        let key = ((random.next() >> 32) as u32 | 0x0101_0101).to_be_bytes();
        write_frame(fin | first, piece, key, bytes);
    }
}

fn write_frame(first: u8, payload: &[u8], key: [u8; 4], bytes: &mut Vec<u8>) {
    bytes.push(first);
    match payload.len() {
        length if length < 126 => bytes.push(0x80 | length as u8),
        length if length < 65536 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_messages_of_the_depth_lie_together() {
        for (size, depth) in [(1, 1), (125, 16), (70_000, 16), (1 << 20, 3)] {
            let options = MessageOptions { size, ..MessageOptions::default() };
            let ring = Ring::build(&options, depth);
            assert_eq!(ring.cycle, ring.lengths.iter().sum::<usize>());
            let longest: usize = ring.lengths.iter().cycle().take(depth).sum();
            assert_eq!(ring.bytes.len(), ring.cycle + longest);
            for (at, byte) in ring.bytes[ring.cycle..].iter().enumerate() {
                assert_eq!(*byte, ring.bytes[at % ring.cycle]);
            }
        }
    }

    #[test]
    fn fragments_are_the_message() {
        let mut bytes = Vec::new();
        write_frames(2, b"abcde", 2, &mut Random::new(), &mut bytes);
        assert_eq!(bytes[0], 2);
        assert_eq!(bytes[1], 0x80 | 3);
        assert_eq!(bytes[2 + 4 + 3], 0x80);
        assert_eq!(bytes.len(), 2 * (2 + 4) + 5);
    }
}
