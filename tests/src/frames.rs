//! Frames of RFC 6455, HyBi-08 and HyBi-07, by what they say.

use std::fmt;

use crate::wire;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// A frame. Whether it is masked is decided when it is sent: a client's is, a server's is not.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    first: u8,
    /// The payload, not masked.
    pub payload: Vec<u8>,
}

/// A text message. Its bytes may be anything, UTF-8 or not.
pub fn text(payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(FIN | TEXT, payload)
}

/// A binary message.
pub fn binary(payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(FIN | BINARY, payload)
}

/// The last fragment of a message; with [`unfinished`](Frame::unfinished), one in the middle.
pub fn continuation(payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(FIN | CONTINUATION, payload)
}

/// A Ping.
pub fn ping(payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(FIN | PING, payload)
}

/// A Pong.
pub fn pong(payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(FIN | PONG, payload)
}

/// A Close with a status code and no reason.
pub fn close(code: u16) -> Frame {
    close_with(code, "")
}

/// A Close with a status code and a reason.
pub fn close_with(code: u16, reason: impl AsRef<[u8]>) -> Frame {
    Frame::new(FIN | CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
}

/// A Close without a status code.
pub fn empty_close() -> Frame {
    Frame::new(FIN | CLOSE, "")
}

impl Frame {
    /// A frame with this first byte: FIN, the reserved bits and the opcode.
    pub(crate) fn new(first: u8, payload: impl AsRef<[u8]>) -> Frame {
        Frame { first, payload: payload.as_ref().to_vec() }
    }

    /// Without FIN: a fragment that others follow.
    pub fn unfinished(mut self) -> Frame {
        self.first &= !FIN;
        self
    }

    /// With RSV1 set, as the first frame of a compressed message has it.
    pub fn rsv1(mut self) -> Frame {
        self.first |= RSV1;
        self
    }

    /// With RSV2 set.
    pub fn rsv2(mut self) -> Frame {
        self.first |= RSV2;
        self
    }

    /// Whether this is a Close, a Ping or a Pong.
    pub fn is_control(&self) -> bool {
        self.first & 0x08 != 0
    }

    /// Whether this is a Close, whatever its payload.
    pub fn is_close(&self) -> bool {
        self.first == FIN | CLOSE
    }

    /// The status code of a Close that has one.
    pub fn close_code(&self) -> Option<u16> {
        let (code, _reason) = self.payload.split_first_chunk()?;
        self.is_close().then(|| u16::from_be_bytes(*code))
    }

    /// Its bytes, as a client sends it.
    pub fn masked(&self) -> Vec<u8> {
        wire::masked(self.first, &self.payload)
    }

    /// Its bytes, as a server sends it.
    pub fn unmasked(&self) -> Vec<u8> {
        wire::frame(self.first, &self.payload)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.payload.len();
        let shown = self.payload[..len.min(64)].escape_ascii();
        write!(f, "Frame({:#04x}, {len} bytes: \"{shown}\")", self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455, section 5.7.
    #[test]
    fn the_examples_of_the_specification_are_encoded_as_it_says() {
        let hello = [0x48, 0x65, 0x6c, 0x6c, 0x6f];
        let hello_masked = [0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(text("Hello").unmasked(), [&[0x81, 0x05][..], &hello].concat());
        assert_eq!(text("Hello").masked(), [&[0x81, 0x85][..], &hello_masked].concat());
        assert_eq!(text("Hel").unfinished().unmasked(), [0x01, 0x03, 0x48, 0x65, 0x6c]);
        assert_eq!(continuation("lo").unmasked(), [0x80, 0x02, 0x6c, 0x6f]);
        assert_eq!(ping("Hello").unmasked(), [&[0x89, 0x05][..], &hello].concat());
        assert_eq!(pong("Hello").masked(), [&[0x8a, 0x85][..], &hello_masked].concat());
        assert_eq!(binary([7; 256]).unmasked()[..5], [0x82, 0x7e, 1, 0, 7]);
        assert_eq!(binary([7; 65_536]).unmasked()[..11], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 7]);
    }

    #[test]
    fn a_close_has_a_status_code_and_a_reason_or_nothing() {
        assert_eq!(close(1000).unmasked(), [0x88, 2, 0x03, 0xe8]);
        assert_eq!(close_with(1001, "bye").unmasked(), *b"\x88\x05\x03\xe9bye");
        assert_eq!(empty_close().unmasked(), [0x88, 0]);
        assert_eq!(close_with(1001, "bye").close_code(), Some(1001));
        assert_eq!(empty_close().close_code(), None);
        assert_eq!(binary([0x03, 0xe8]).close_code(), None);
    }
}
