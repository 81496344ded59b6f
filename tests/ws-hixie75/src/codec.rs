//! The framing: a text is between `00` and `FF`, all other frames are reserved and
//! discarded. There is no Close frame; a connection is closed by ending TCP.

use ws_core::{
    Capabilities, Codec, Decoded, EncodeError, Envelope, Fragment, Frame, InvalidText, OpCode,
    ProtocolError, utf8,
};

/// How many reserved frames are tolerated between two texts.
const MAX_DISCARDED: u32 = 64;
/// The most digits of a length, 7 bits each.
const MAX_DIGITS: u8 = 9;

/// The codec of one connection.
#[derive(Debug)]
pub(crate) struct Hixie75Codec {
    limit: u64,
    discarded: u32,
    state: State,
}

/// The position of the input in a frame.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Before the type.
    Type,
    /// In a text (type 00), which ends at FF; `seen` of its bytes have arrived.
    Text { seen: u64 },
    /// In a reserved frame (types 01 to 7F) that ends at FF, too.
    Sentinel { seen: u64 },
    /// In the length of a reserved frame (types 80 to FF).
    Length { digits: u8, value: u64 },
    /// In the payload of such a frame.
    Payload { remaining: u64 },
}

impl Hixie75Codec {
    pub(crate) fn new(limit: u64) -> Hixie75Codec {
        Hixie75Codec { limit, discarded: 0, state: State::Type }
    }

    /// The state after the type of a frame.
    fn begin(&mut self, frame_type: u8) -> Result<State, ProtocolError> {
        if frame_type == 0x00 {
            self.discarded = 0;
            return Ok(State::Text { seen: 0 });
        }
        self.discarded += 1;
        if self.discarded > MAX_DISCARDED {
            return Err(ProtocolError::TooManyDiscarded);
        }
        Ok(match frame_type {
            0x01..=0x7f => State::Sentinel { seen: 0 },
            _ => State::Length { digits: 0, value: 0 },
        })
    }

    /// The state after one more digit of a length: base 128, the most significant first, bit 7 set
    /// on every digit but the last.
    fn digit(&self, digits: u8, value: u64, byte: u8) -> Result<State, ProtocolError> {
        let value = self.bounded(value * 128 + u64::from(byte & 0x7f))?;
        match byte & 0x80 {
            0 => Ok(State::payload(value)),
            _ if digits + 1 == MAX_DIGITS => Err(ProtocolError::LengthOverflow),
            _ => Ok(State::Length { digits: digits + 1, value }),
        }
    }

    /// Decodes a text, as far as it has arrived.
    fn text(&mut self, input: &[u8], seen: u64) -> Result<Decoded, ProtocolError> {
        let run = self.run(input, seen)?;
        self.state = if run.ended { State::Type } else { State::Text { seen: run.seen } };
        let opcode = if seen == 0 { OpCode::Text } else { OpCode::Continuation };
        Ok(Decoded::new(run.consumed(), Fragment::new(opcode, run.ended, 0..run.len)))
    }

    /// The bytes before the next FF, in a frame of which `seen` bytes have arrived before.
    fn run(&self, input: &[u8], seen: u64) -> Result<Run, ProtocolError> {
        let end = input.iter().position(|byte| *byte == 0xff);
        let len = end.unwrap_or(input.len());
        let seen = self.bounded(seen.saturating_add(len as u64))?;
        Ok(Run { len, seen, ended: end.is_some() })
    }

    fn bounded(&self, len: u64) -> Result<u64, ProtocolError> {
        if len > self.limit {
            return Err(ProtocolError::FrameTooBig { limit: self.limit });
        }
        Ok(len)
    }
}

/// Bytes of a frame that ends at FF.
struct Run {
    len: usize,
    seen: u64,
    ended: bool,
}

impl Run {
    /// How many bytes are consumed, the FF included.
    fn consumed(&self) -> usize {
        self.len + usize::from(self.ended)
    }
}

impl State {
    fn payload(remaining: u64) -> State {
        if remaining == 0 { State::Type } else { State::Payload { remaining } }
    }

    fn sentinel(run: &Run) -> State {
        if run.ended { State::Type } else { State::Sentinel { seen: run.seen } }
    }
}

impl Codec for Hixie75Codec {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_invalid_text(InvalidText::Replace)
    }

    /// Decodes one step of a frame. A step without payload returns no fragment, and the caller
    /// calls again.
    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let Some(&byte) = input.first() else {
            return Ok(None);
        };
        let (consumed, state) = match self.state {
            State::Type => (1, self.begin(byte)?),
            State::Length { digits, value } => (1, self.digit(digits, value, byte)?),
            State::Payload { remaining } => {
                let here = remaining.min(input.len() as u64);
                (here as usize, State::payload(remaining - here))
            }
            State::Text { seen } => return self.text(input, seen).map(Some),
            State::Sentinel { seen } => {
                let run = self.run(input, seen)?;
                (run.consumed(), State::sentinel(&run))
            }
        };
        self.state = state;
        Ok(Some(Decoded::skipped(consumed)))
    }

    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        if frame.opcode != OpCode::Text || !frame.fin {
            return Err(EncodeError::Unsupported(frame.opcode));
        }
        // Bytes that are not UTF-8 could contain an FF, and after it other frames.
        let text = utf8::validate(frame.payload).ok_or(EncodeError::NotUtf8)?;
        output.push(0x00);
        output.extend_from_slice(text.as_bytes());
        output.push(0xff);
        Ok(())
    }

    fn envelope(&mut self, opcode: OpCode, _len: usize) -> Option<Envelope> {
        // A text that is sent in an envelope comes from a `str`, so that it is UTF-8.
        if opcode == OpCode::Text { Envelope::new(&[0x00], &[0xff]) } else { None }
    }
}
