//! The framing (hybi-00 §4.2 for the client, §5.3 for the server).

use ws_core::utf8;
use ws_core::{
    Capabilities, Codec, Decoded, EncodeError, Envelope, Fragment, Frame, InvalidText, OpCode,
    ProtocolError,
};

/// The type of a text frame.
const TEXT: u8 = 0x00;
/// The type of a closing frame, whose length is zero.
const CLOSING: u8 = 0xff;
/// The end of a text frame, and of every frame of a type below 80. UTF-8 never contains it.
const TERMINATOR: u8 = 0xff;
/// The most digits of a length, of seven bits each: 63 bits.
const MAX_LENGTH_DIGITS: u8 = 9;
/// How many frames of reserved types are tolerated between two text frames.
const MAX_DISCARDED: u32 = 64;

/// The codec of one connection.
#[derive(Debug)]
pub(crate) struct Hixie76Codec {
    /// The longest payload of a frame, in bytes.
    max_frame: u64,
    /// The number of frames of reserved types since the last text frame; at most
    /// [`MAX_DISCARDED`], except after an error.
    discarded: u32,
    state: State,
}

/// The position of the input in a frame.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Before the type.
    Type,
    /// In the payload of a text frame, of which `shown` bytes were delivered.
    Text { shown: u64 },
    /// In a reserved frame that ends with the terminator.
    Sentinel { skipped: u64 },
    /// In the length of a frame of a type from 80 on.
    Length(Length),
    /// In the payload of a reserved frame with a length.
    Skip { remaining: u64 },
}

#[derive(Debug, Clone, Copy)]
struct Length {
    frame_type: u8,
    digits: u8,
    value: u64,
}

impl Hixie76Codec {
    /// A codec for either end; it refuses frames over `max_frame` bytes.
    pub(crate) fn new(max_frame: u64) -> Hixie76Codec {
        Hixie76Codec { max_frame, discarded: 0, state: State::Type }
    }

    #[inline]
    fn text(&mut self, input: &[u8], start: usize, shown: u64) -> Result<Decoded, ProtocolError> {
        let found = find_terminator(input, start);
        let end = found.unwrap_or(input.len());
        let here = (end - start) as u64;
        let shown_now = self.within_limit(shown.saturating_add(here))?;
        if found.is_some() {
            self.state = State::Type;
            self.discarded = 0;
        } else {
            self.state = State::Text { shown: shown_now };
            if here == 0 {
                return Ok(Decoded::skipped(end));
            }
        }
        let opcode = if shown == 0 { OpCode::Text } else { OpCode::Continuation };
        let fin = found.is_some();
        let fragment = Fragment::new(opcode, fin, start..end);
        Ok(Decoded::new(end + usize::from(fin), fragment))
    }

    fn sentinel(&mut self, input: &[u8], start: usize, skipped_before: u64) -> Outcome {
        let found = find_terminator(input, start);
        let end = found.unwrap_or(input.len());
        let skipped_now = self.within_limit(skipped_before.saturating_add((end - start) as u64))?;
        self.state = match found {
            Some(_) => State::Type,
            None => State::Sentinel { skipped: skipped_now },
        };
        Ok(Decoded::skipped(end + usize::from(found.is_some())))
    }

    /// Reads a length: base 128, the most significant digit first, bit 7 set on every digit but the
    /// last. The two algorithms of the draft differ for a length that ends in a zero digit; this is
    /// the one for clients, by which `81 00` is 128.
    fn length(&mut self, input: &[u8], start: usize, mut length: Length) -> Outcome {
        for (at, byte) in input.iter().enumerate().skip(start) {
            length.digits += 1;
            length.value = self.within_limit(length.value * 128 + u64::from(byte & 0x7f))?;
            if byte & 0x80 == 0 {
                return self.prefixed(input, at + 1, length);
            }
            if length.digits == MAX_LENGTH_DIGITS {
                return Err(ProtocolError::LengthOverflow);
            }
        }
        self.state = State::Length(length);
        Ok(Decoded::skipped(input.len()))
    }

    /// Reads a frame whose length is complete.
    fn prefixed(&mut self, input: &[u8], start: usize, length: Length) -> Outcome {
        if length.frame_type == CLOSING && length.value == 0 {
            self.state = State::Type;
            return Ok(Decoded::new(start, Fragment::new(OpCode::Close, true, start..start)));
        }
        self.count_discarded()?;
        Ok(self.skip(input, start, length.value))
    }

    fn skip(&mut self, input: &[u8], start: usize, remaining: u64) -> Decoded {
        let available = input.len() - start;
        let here = usize::try_from(remaining).map_or(available, |n| n.min(available));
        self.state = match remaining - here as u64 {
            0 => State::Type,
            remaining => State::Skip { remaining },
        };
        Decoded::skipped(start + here)
    }

    fn count_discarded(&mut self) -> Result<(), ProtocolError> {
        self.discarded += 1;
        if self.discarded > MAX_DISCARDED {
            return Err(ProtocolError::TooManyDiscarded);
        }
        Ok(())
    }

    fn within_limit(&self, len: u64) -> Result<u64, ProtocolError> {
        if len > self.max_frame {
            return Err(ProtocolError::FrameTooBig { limit: self.max_frame });
        }
        Ok(len)
    }
}

type Outcome = Result<Decoded, ProtocolError>;

impl Codec for Hixie76Codec {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_close().with_invalid_text(InvalidText::Replace)
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let Some(&first) = input.first() else {
            return Ok(None);
        };
        let decoded = match self.state {
            State::Type => match first {
                TEXT => self.text(input, 1, 0)?,
                0x01..=0x7f => {
                    self.count_discarded()?;
                    self.sentinel(input, 1, 0)?
                }
                frame_type => self.length(input, 1, Length { frame_type, digits: 0, value: 0 })?,
            },
            State::Text { shown } => self.text(input, 0, shown)?,
            State::Sentinel { skipped } => self.sentinel(input, 0, skipped)?,
            State::Length(length) => self.length(input, 0, length)?,
            State::Skip { remaining } => self.skip(input, 0, remaining),
        };
        Ok(Some(decoded))
    }

    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        match (frame.opcode, frame.fin) {
            (OpCode::Text, true) => {
                // Bytes that are not UTF-8 could contain the terminator, and after it other frames.
                let text = utf8::validate(frame.payload).ok_or(EncodeError::NotUtf8)?;
                output.reserve(text.len() + 2);
                output.push(TEXT);
                output.extend_from_slice(text.as_bytes());
                output.push(TERMINATOR);
                Ok(())
            }
            (OpCode::Close, true) => {
                output.extend_from_slice(&[CLOSING, 0x00]);
                Ok(())
            }
            (opcode, _) => Err(EncodeError::Unsupported(opcode)),
        }
    }

    fn envelope(&mut self, opcode: OpCode, _len: usize) -> Option<Envelope> {
        // A text that is sent in an envelope comes from a `str`, so that it is UTF-8.
        match opcode {
            OpCode::Text => Envelope::new(&[TEXT], &[TERMINATOR]),
            _ => None,
        }
    }
}

/// The offset of the first terminator from `start` on. It compares whole blocks, which compilers
/// vectorize.
#[inline]
fn find_terminator(bytes: &[u8], start: usize) -> Option<usize> {
    let bytes = bytes.get(start..)?;
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let without = |block: &&[u8; BLOCK]| {
        block.iter().fold(0, |found, byte| found | u8::from(*byte == TERMINATOR)) == 0
    };
    let clear = BLOCK * blocks.iter().take_while(without).count();
    let at = bytes.get(clear..)?.iter().position(|byte| *byte == TERMINATOR)?;
    Some(start + clear + at)
}

const BLOCK: usize = 32;
