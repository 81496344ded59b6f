//! Decodes a stream of frames as a connection does, and checks the contract of the codec.

use crate::codec::{Codec, Decoded, Fragment};
use crate::codec_box::CodecBox;
use crate::frame::OpCode;
use crate::protocol_error::ProtocolError;

/// A message or a control frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Said {
    /// The kind: text, binary or a control frame, never a continuation.
    pub opcode: OpCode,
    /// The payload, with all fragments joined.
    pub payload: Vec<u8>,
}

impl Said {
    /// A message or control frame of this kind and payload.
    pub fn new(opcode: OpCode, payload: impl AsRef<[u8]>) -> Said {
        Said { opcode, payload: payload.as_ref().to_vec() }
    }
}

/// The decoded contents of a stream of frames.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heard {
    /// The complete messages and control frames, in order.
    pub said: Vec<Said>,
    /// How the stream broke the protocol, if it did; nothing after that is decoded.
    pub error: Option<ProtocolError>,
}

/// Decodes a stream that arrives in these pieces.
///
/// # Panics
/// When the codec breaks the contract of [`Codec::decode`].
pub fn read<'p>(codec: CodecBox, pieces: impl IntoIterator<Item = &'p [u8]>) -> Heard {
    let mut reader = Reader::new(codec);
    for piece in pieces {
        reader.feed(piece);
    }
    reader.heard
}

/// Decodes `wire` whole, byte by byte, and cut in two at every offset; at many offsets when it
/// is long. The outcome must always be the same.
///
/// # Panics
/// When it differs, or the codec breaks the contract of [`Codec::decode`].
pub fn read_every_way(codec: impl Fn() -> CodecBox, wire: &[u8]) -> Heard {
    let whole = read(codec(), [wire]);
    assert_eq!(read(codec(), wire.chunks(1)), whole, "byte by byte, against the whole");
    for cut in 0..=wire.len() {
        if wire.len() <= EVERY_CUT || cut <= EDGE || wire.len() - cut <= EDGE || cut % STRIDE == 0 {
            let (first, second) = wire.split_at(cut);
            assert_eq!(read(codec(), [first, second]), whole, "cut at {cut}, against the whole");
        }
    }
    whole
}

/// Up to this length, a stream is cut at every offset.
const EVERY_CUT: usize = 600;
/// A longer stream is cut at every offset up to this far from either end.
const EDGE: usize = 32;
/// Between the ends, a longer stream is cut at multiples of this offset.
const STRIDE: usize = 4099;

/// A decoder of a stream of frames to messages and control frames.
#[derive(Debug)]
pub(super) struct Reader {
    codec: CodecBox,
    unread: Vec<u8>,
    /// The message that has begun and not ended.
    message: Option<Said>,
    /// How many payload bytes of the current frame have not arrived.
    announced: u64,
    pub(super) heard: Heard,
    /// How many bytes were passed to [`feed`](Reader::feed).
    pub(super) fed: usize,
    /// How many bytes of payload were decoded. Always `delivered <= fed`.
    pub(super) delivered: usize,
}

impl Reader {
    pub(super) fn new(codec: CodecBox) -> Reader {
        Reader {
            codec,
            unread: Vec::new(),
            message: None,
            announced: 0,
            heard: Heard::default(),
            fed: 0,
            delivered: 0,
        }
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.fed += piece.len();
        self.unread.extend_from_slice(piece);
        while self.heard.error.is_none() && !self.unread.is_empty() {
            let before = self.unread.clone();
            let decoded = match self.codec.decode(&mut self.unread) {
                Ok(Some(decoded)) => decoded,
                Ok(None) => {
                    assert_eq!(self.unread, before, "asking for more changed the input");
                    return;
                }
                Err(error) => {
                    self.heard.error = Some(error);
                    return;
                }
            };
            self.watch(&decoded, &before);
            let rest = self.unread.split_off(decoded.consumed);
            let done = std::mem::replace(&mut self.unread, rest);
            if let Some(fragment) = decoded.fragment {
                self.take(&fragment, &done);
            }
        }
    }

    /// Checks the contract of [`Codec::decode`].
    fn watch(&self, decoded: &Decoded, before: &[u8]) {
        let Decoded { consumed, fragment } = decoded;
        assert!(*consumed <= before.len(), "{consumed} bytes consumed of {}", before.len());
        assert_eq!(
            self.unread[*consumed..],
            before[*consumed..],
            "bytes after what was consumed are changed"
        );
        assert!(*consumed > 0, "decoding makes no progress: {decoded:?}");
        let Some(fragment) = fragment else {
            assert_eq!(self.announced, 0, "a frame is skipped that was delivered in part");
            return;
        };
        let payload = &fragment.payload;
        assert!(payload.start <= payload.end, "a payload ends before it starts: {decoded:?}");
        assert!(payload.end <= *consumed, "a payload ends after what was consumed: {decoded:?}");
        assert!(
            !fragment.fin || fragment.remaining == 0,
            "a message ends before its frame: {decoded:?}"
        );
        assert!(
            !fragment.opcode.is_control() || fragment.fin,
            "a control frame is not complete: {decoded:?}"
        );
        if self.announced > 0 {
            assert_eq!(fragment.opcode, OpCode::Continuation, "within a frame came {decoded:?}");
            let come = payload.len() as u64 + fragment.remaining;
            assert_eq!(come, self.announced, "the announced length changed: {decoded:?}");
        }
    }

    fn take(&mut self, fragment: &Fragment, done: &[u8]) {
        let payload = &done[fragment.payload.clone()];
        self.announced = fragment.remaining;
        self.delivered += payload.len();
        assert!(self.delivered <= self.fed, "more is delivered than was fed");
        if fragment.opcode.is_control() {
            self.heard.said.push(Said::new(fragment.opcode, payload));
            return;
        }
        // A connection checks the order of fragments, not the codec.
        let mut message = match (fragment.opcode, self.message.take()) {
            (OpCode::Continuation, Some(message)) => message,
            (OpCode::Continuation, None) => {
                self.heard.error = Some(ProtocolError::LoneContinuation);
                return;
            }
            (opcode, None) => Said::new(opcode, []),
            (_, Some(_)) => {
                self.heard.error = Some(ProtocolError::InterleavedMessage);
                return;
            }
        };
        message.payload.extend_from_slice(payload);
        match fragment.fin {
            true => self.heard.said.push(message),
            false => self.message = Some(message),
        }
    }
}
