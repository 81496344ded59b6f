//! Reads a stream of frames as a connection would, and watches the codec while it does.

use crate::codec::{Codec, Decoded, Fragment};
use crate::codec_box::CodecBox;
use crate::frame::OpCode;
use crate::protocol_error::ProtocolError;

/// A message or a control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The kind: text, binary or a control frame, never a continuation.
    pub opcode: OpCode,
    /// The payload, all fragments joined.
    pub payload: Vec<u8>,
}

impl Said {
    /// What a frame or message of this kind says.
    pub fn new(opcode: OpCode, payload: impl AsRef<[u8]>) -> Said {
        Said { opcode, payload: payload.as_ref().to_vec() }
    }
}

/// What a stream of frames said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// What came whole, in order.
    pub said: Vec<Said>,
    /// How it broke the protocol, if it did; nothing behind that is read.
    pub error: Option<ProtocolError>,
}

/// Decodes a stream that arrives in these pieces.
///
/// # Panics
/// When the codec breaks a promise of [`Codec::decode`].
pub fn read<'p>(codec: CodecBox, pieces: impl IntoIterator<Item = &'p [u8]>) -> Heard {
    let mut reader = Reader::new(codec);
    for piece in pieces {
        reader.feed(piece);
    }
    reader.heard
}

/// Decodes `wire` whole, byte by byte, and cut in two at every place; at many places when it
/// is long. Each must come to the same.
///
/// # Panics
/// When they differ, or the codec breaks a promise of [`Codec::decode`].
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

/// Up to this length a stream is cut everywhere.
const EVERY_CUT: usize = 600;
const EDGE: usize = 32;
const STRIDE: usize = 4099;

/// Bytes in, messages and control frames out.
#[derive(Debug)]
pub(super) struct Reader {
    codec: CodecBox,
    unread: Vec<u8>,
    message: Option<Said>,
    /// What the frame that is being shown in pieces still owes.
    announced: u64,
    pub(super) heard: Heard,
    pub(super) fed: usize,
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

    fn watch(&self, decoded: &Decoded, before: &[u8]) {
        let Decoded { consumed, fragment } = decoded;
        assert!(*consumed <= before.len(), "{consumed} bytes consumed of {}", before.len());
        assert_eq!(
            self.unread[*consumed..],
            before[*consumed..],
            "bytes behind what was consumed are changed"
        );
        assert!(*consumed > 0, "decoding makes no progress: {decoded:?}");
        let Some(fragment) = fragment else {
            assert_eq!(self.announced, 0, "a frame is skipped that was shown in part");
            return;
        };
        let payload = &fragment.payload;
        assert!(payload.start <= payload.end, "a payload ends before it starts: {decoded:?}");
        assert!(payload.end <= *consumed, "a payload ends behind what was consumed: {decoded:?}");
        assert!(
            !fragment.fin || fragment.remaining == 0,
            "a message ends before its frame: {decoded:?}"
        );
        assert!(
            !fragment.opcode.is_control() || fragment.fin,
            "a control frame is not shown whole: {decoded:?}"
        );
        if self.announced > 0 {
            assert_eq!(fragment.opcode, OpCode::Continuation, "inside a frame came {decoded:?}");
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
        // These two are the connection's to notice.
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
