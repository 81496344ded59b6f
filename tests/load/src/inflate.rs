//! permessage-deflate (RFC 7692), of the client.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The tail of each flushed block, which is removed on the wire (§7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
const CHUNK: usize = 16 * 1024;

/// `payload` compressed, without a reference to earlier messages.
pub(crate) fn deflated(payload: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(6), false);
    let mut out = Vec::with_capacity(payload.len() + 64);
    loop {
        let at = compress.total_in() as usize;
        out.reserve(1024);
        let status = compress.compress_vec(&payload[at..], &mut out, FlushCompress::Sync);
        assert!(matches!(status, Ok(Status::Ok)), "deflate: {status:?}");
        if compress.total_in() as usize == payload.len() && out.len() < out.capacity() {
            break;
        }
    }
    assert!(out.ends_with(&TAIL), "a flushed block ends so");
    out.truncate(out.len() - TAIL.len());
    out
}

/// Decompresses the echoes of a connection, to compare them.
#[derive(Debug)]
pub(crate) struct Inflate {
    decompress: Decompress,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Whether the current message is compressed.
    pub(crate) compressed: bool,
}

impl Inflate {
    pub(crate) fn new() -> Inflate {
        Inflate {
            decompress: Decompress::new(false),
            input: Vec::new(),
            output: Vec::new(),
            compressed: false,
        }
    }

    /// Adds payload of the current message.
    pub(crate) fn push(&mut self, payload: &[u8]) {
        self.input.extend_from_slice(payload);
    }

    /// Whether the message that ended is `expected`; the next may refer to it if `context`.
    pub(crate) fn finish(&mut self, context: bool, expected: &[u8]) -> bool {
        let same = match self.compressed {
            true => self.inflate() && self.output == expected,
            false => self.input == expected,
        };
        if !context {
            self.decompress.reset(false);
        }
        self.input.clear();
        same
    }

    fn inflate(&mut self) -> bool {
        self.input.extend_from_slice(&TAIL);
        self.output.clear();
        let mut at = 0;
        loop {
            let (taken, given) = (self.decompress.total_in(), self.output.len());
            self.output.reserve(CHUNK);
            let rest = &self.input[at..];
            let flush = FlushDecompress::Sync;
            if self.decompress.decompress_vec(rest, &mut self.output, flush).is_err() {
                return false;
            }
            at += (self.decompress.total_in() - taken) as usize;
            let all = at == self.input.len() && self.output.len() < self.output.capacity();
            if all || self.output.len() == given {
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        let mut inflate = Inflate::new();
        for size in [0, 1, 1000, 100_000] {
            let payload: Vec<u8> =
                (0..size).map(|at: u32| (at.wrapping_mul(at) >> 3) as u8).collect();
            inflate.compressed = true;
            inflate.push(&deflated(&payload));
            assert!(inflate.finish(false, &payload), "{size}");
        }
        inflate.push(b"\xff\xff");
        assert!(!inflate.finish(false, b""));
    }
}
