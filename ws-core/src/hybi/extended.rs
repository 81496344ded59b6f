//! The framing of the HyBi family with an extension.

use std::sync::Arc;

use super::HybiCodec;
use crate::codec::{Capabilities, Codec, Decoded, EncodeError, Envelope, Fragment, Transformed};
use crate::extension::{Coding, FrameStart, Then, Traffic, Transform};
use crate::frame::{Frame, FrameHeader, OpCode};
use crate::protocol_error::ProtocolError;

/// The most bytes that one call of `decode` puts out. A few bytes can decode to many, so that they
/// are decoded in steps, between which limits are checked.
const STEP_OUTPUT: usize = 16 * 1024;

/// The most bytes of input that one call of `decode` processes, because they can decode to nothing.
const STEP_INPUT: usize = 4 * 1024;

/// The reserved bits in the first byte of a frame.
const RESERVED: u8 = 0x70;

/// A codec whose data frames pass through an extension.
#[derive(Debug)]
pub(super) struct ExtendedCodec {
    frames: HybiCodec,
    transform: Box<dyn Transform>,
    traffic: Arc<Traffic>,
    /// Whether the payload of the current data frame is transformed.
    coding: Coding,
    /// The piece of a transformed payload that is being decoded. `Some` only between two steps of
    /// the same piece.
    piece: Option<Piece>,
    /// The output of the last call of `decode`; `None` once it is taken.
    transformed: Option<Transformed>,
    /// Whether payloads are consumed without being decoded.
    discards: bool,
}

/// Bytes at the front of the input that the framing has decoded, and the extension has not. There
/// may be none, while the extension has more to put out.
#[derive(Debug, Clone, Copy)]
struct Piece {
    opcode: OpCode,
    then: Then,
    /// The number of bytes, a header included. Always `start <= len`.
    len: usize,
    /// Where the payload begins. 0 once a part of the piece was consumed.
    start: usize,
}

impl ExtendedCodec {
    pub(super) fn new(
        frames: HybiCodec,
        transform: Box<dyn Transform>,
        traffic: Arc<Traffic>,
    ) -> ExtendedCodec {
        ExtendedCodec {
            frames,
            transform,
            traffic,
            coding: Coding::Plain,
            piece: None,
            transformed: None,
            discards: false,
        }
    }

    /// Reads the header of a new frame. `None` when it is not complete.
    fn begin(&mut self, input: &mut [u8]) -> Result<Option<Coding>, ProtocolError> {
        let Some(parsed) = FrameHeader::parse(input)? else {
            return Ok(None);
        };
        let header = parsed.header;
        let data = OpCode::from_bits(header.opcode).filter(|opcode| !opcode.is_control());
        self.coding = match data {
            Some(opcode) => {
                let frame = FrameStart::new(opcode, header.reserved);
                let coding = self.transform.begin(frame)?;
                // The extension has accepted the reserved bits; the framing would refuse them.
                input[0] &= !RESERVED;
                coding
            }
            None => Coding::Plain,
        };
        Ok(Some(self.coding))
    }

    /// The next piece of a transformed payload. `None` when more bytes are needed.
    fn next_piece(&mut self, input: &mut [u8]) -> Result<Option<Piece>, ProtocolError> {
        let Some(Decoded { consumed, fragment: Some(fragment) }) = self.frames.decode(input)?
        else {
            return Ok(None);
        };
        self.traffic.count_received(fragment.payload.len(), 0);
        let then = match (fragment.remaining, fragment.fin) {
            (0, true) => Then::EndOfMessage,
            (0, false) => Then::EndOfFrame,
            _ => Then::More,
        };
        let start = fragment.payload.start;
        Ok(Some(Piece { opcode: fragment.opcode, then, len: consumed, start }))
    }

    /// Decodes one step of the piece at the front of the input.
    fn step(&mut self, piece: Piece, input: &[u8]) -> Result<Decoded, ProtocolError> {
        if self.discards {
            return Ok(self.finish(piece));
        }
        let end = piece.len.min(piece.start + STEP_INPUT);
        let whole = end == piece.len;
        let then = if whole { piece.then } else { Then::More };
        let mut payload = Vec::with_capacity(STEP_OUTPUT);
        let step = self.transform.decode(&input[piece.start..end], then, &mut payload)?;
        self.traffic.count_received(0, payload.len());
        let more = !(step.done && whole);
        self.transformed = Some(Transformed::new(payload, step.consumed).with_more(more));
        if !more {
            return Ok(self.finish(piece));
        }
        let consumed = piece.start + step.consumed;
        let opcode = OpCode::Continuation;
        self.piece = Some(Piece { opcode, then: piece.then, len: piece.len - consumed, start: 0 });
        Ok(decoded(consumed, piece.opcode, false))
    }

    /// The last fragment of a piece.
    fn finish(&mut self, piece: Piece) -> Decoded {
        self.piece = None;
        decoded(piece.len, piece.opcode, piece.then == Then::EndOfMessage)
    }

    /// Decodes a frame that is not transformed.
    fn decode_plain(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let decoded = self.frames.decode(input)?;
        if let Some(Decoded { fragment: Some(fragment), .. }) = &decoded
            && !fragment.opcode.is_control()
        {
            let len = fragment.payload.len();
            self.traffic.count_received(len, len);
        }
        Ok(decoded)
    }

    /// Appends a whole message as the extension encodes it; `None`, and nothing appended, if the
    /// extension leaves it as it is.
    fn encode_transformed(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Option<()> {
        let start = output.len();
        // The output is rarely so much shorter that its header is shorter, too.
        let guess = self.frames.header(frame.opcode, 0, frame.payload.len()).size();
        output.resize(start + guess, 0);
        let Some(reserved) = self.transform.encode(frame.payload, output) else {
            output.truncate(start);
            return None;
        };
        let len = output.len() - start - guess;
        let header = self.frames.header(frame.opcode, reserved, len);
        let bytes = header.to_bytes();
        let size = bytes.len();
        if size > guess {
            output.splice(start..start, std::iter::repeat_n(0, size - guess));
        } else {
            output.drain(start..start + guess - size);
        }
        output[start..start + size].copy_from_slice(&bytes);
        if let Some(key) = header.key {
            key.apply(&mut output[start + size..]);
        }
        self.traffic.count_sent(frame.payload.len(), len);
        Some(())
    }
}

/// A fragment whose payload is not in the input.
fn decoded(consumed: usize, opcode: OpCode, fin: bool) -> Decoded {
    Decoded::new(consumed, Fragment::new(opcode, fin, 0..0))
}

impl Codec for ExtendedCodec {
    fn capabilities(&self) -> Capabilities {
        self.frames.capabilities()
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        self.transformed = None;
        if let Some(piece) = self.piece {
            return self.step(piece, input).map(Some);
        }
        let coding = match self.frames.is_within_frame() {
            true => self.coding,
            false => match self.begin(input)? {
                Some(coding) => coding,
                None => return Ok(None),
            },
        };
        match coding {
            Coding::Plain => self.decode_plain(input),
            Coding::Transformed => match self.next_piece(input)? {
                Some(piece) => self.step(piece, input).map(Some),
                None => Ok(None),
            },
        }
    }

    fn is_extended(&self) -> bool {
        true
    }

    fn take_transformed(&mut self) -> Option<Transformed> {
        self.transformed.take()
    }

    fn discard_data(&mut self) {
        self.discards = true;
    }

    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        let whole = matches!(frame.opcode, OpCode::Text | OpCode::Binary) && frame.fin;
        if whole && self.encode_transformed(frame, output).is_some() {
            return Ok(());
        }
        self.encode_plain(frame, output)
    }

    fn encode_plain(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        if !frame.opcode.is_control() {
            self.traffic.count_sent(frame.payload.len(), frame.payload.len());
        }
        self.frames.encode(frame, output)
    }

    /// A long payload has to pass through the extension.
    fn envelope(&mut self, _: OpCode, _: usize) -> Option<Envelope> {
        None
    }
}
