//! The client's framing, implemented independently: an error in both roles of the server's own
//! codec would not be found otherwise.

use bytes::{Buf, BytesMut};
use ws_tests::masked_with;

use crate::deflate::Deflate;
use crate::random::Random;

/// The longest message that can be echoed.
pub(crate) const LONGEST_MESSAGE: usize = 2 << 20;

/// A message or control frame of the server.
#[derive(Debug)]
pub(crate) enum Said {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

/// The framing of one connection.
#[derive(Debug)]
pub(crate) enum Wire {
    Hybi(Hybi),
    Hixie,
}

/// The framing of HyBi-07 to RFC 6455.
#[derive(Debug)]
pub(crate) struct Hybi {
    deflate: Option<Box<Deflate>>,
    /// The message that has begun.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    opcode: u8,
    compressed: bool,
    payload: Vec<u8>,
}

/// A frame of the server.
struct Frame {
    first: u8,
    payload: Vec<u8>,
}

impl Wire {
    /// Appends a message, in this many frames if the draft has fragments.
    pub(crate) fn write(
        &mut self,
        text: bool,
        payload: &[u8],
        frames: usize,
        random: &mut Random,
        output: &mut Vec<u8>,
    ) -> Result<(), String> {
        match self {
            Wire::Hixie => {
                output.push(0);
                output.extend_from_slice(payload);
                output.push(0xff);
                Ok(())
            }
            Wire::Hybi(hybi) => hybi.write(text, payload, frames, random, output),
        }
    }

    pub(crate) fn write_close(
        &self,
        status: Option<u16>,
        random: &mut Random,
        output: &mut Vec<u8>,
    ) {
        let status = status.map(u16::to_be_bytes);
        let payload = status.as_ref().map_or(&[][..], |status| status);
        match self {
            Wire::Hixie => output.extend([0xff, 0]),
            Wire::Hybi(_) => output.extend(masked_with(0x88, payload, key(random))),
        }
    }

    /// Takes the first message or control frame from the front of `input`.
    pub(crate) fn read(&mut self, input: &mut BytesMut) -> Result<Option<Said>, String> {
        match self {
            Wire::Hixie => hixie(input),
            Wire::Hybi(hybi) => hybi.read(input),
        }
    }
}

/// The masking key of a frame.
pub(crate) fn key(random: &mut Random) -> [u8; 4] {
    (random.next() as u32).to_be_bytes()
}

fn hixie(input: &mut BytesMut) -> Result<Option<Said>, String> {
    match input.first() {
        None => Ok(None),
        Some(0) => Ok(input.iter().position(|byte| *byte == 0xff).map(|end| {
            let frame = input.split_to(end + 1);
            Said::Text(frame[1..end].to_vec())
        })),
        Some(0xff) if input.len() == 1 => Ok(None),
        Some(0xff) if input[1] == 0 => {
            input.advance(2);
            Ok(Some(Said::Close(None)))
        }
        Some(other) => Err(format!("a frame of type {other:#x}")),
    }
}

impl Hybi {
    pub(crate) fn new(deflate: Option<Box<Deflate>>) -> Hybi {
        Hybi { deflate, begun: None }
    }

    fn write(
        &mut self,
        text: bool,
        payload: &[u8],
        frames: usize,
        random: &mut Random,
        output: &mut Vec<u8>,
    ) -> Result<(), String> {
        let mut first = if text { 1 } else { 2 };
        let compressed = match &mut self.deflate {
            // Uncompressed messages are allowed in between (RFC 7692 §6).
            Some(deflate) if !random.one_in(4) => Some(deflate.compress(payload)?),
            _ => None,
        };
        if compressed.is_some() {
            first |= 0x40;
        }
        let mut rest = compressed.as_deref().unwrap_or(payload);
        for _ in 1..frames {
            let (fragment, behind) = rest.split_at(random.size_below(rest.len() + 1));
            output.extend(masked_with(first, fragment, key(random)));
            if random.one_in(4) {
                output.extend(masked_with(0x8a, b"unasked", key(random)));
            }
            (first, rest) = (0, behind);
        }
        output.extend(masked_with(0x80 | first, rest, key(random)));
        Ok(())
    }

    fn read(&mut self, input: &mut BytesMut) -> Result<Option<Said>, String> {
        while let Some(Frame { first, payload }) = frame(input)? {
            let (fin, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0xf);
            let whole = match opcode {
                8..=10 => {
                    if !fin || reserved != 0 || payload.len() > 125 {
                        return Err(format!("a control frame {first:#x}"));
                    }
                    return Ok(Some(match opcode {
                        8 => {
                            Said::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))
                        }
                        9 => Said::Ping(payload),
                        _ => Said::Pong(payload),
                    }));
                }
                1 | 2 if self.begun.is_none() => {
                    let compressed = reserved == 0x40 && self.deflate.is_some();
                    if reserved != 0 && !compressed {
                        return Err(format!("reserved bits {first:#x}"));
                    }
                    Begun { opcode, compressed, payload }
                }
                0 if reserved == 0 => {
                    let mut begun = self.begun.take().ok_or("an unexpected continuation frame")?;
                    begun.payload.extend(payload);
                    begun
                }
                _ => return Err(format!("an unexpected frame {first:#x}")),
            };
            if whole.payload.len() > LONGEST_MESSAGE {
                return Err("a message longer than any that was sent".into());
            }
            if fin {
                return self.message(whole).map(Some);
            }
            self.begun = Some(whole);
        }
        Ok(None)
    }

    fn message(&mut self, whole: Begun) -> Result<Said, String> {
        let payload = match &mut self.deflate {
            Some(deflate) if whole.compressed => deflate.inflate(&whole.payload)?,
            _ => whole.payload,
        };
        Ok(if whole.opcode == 1 { Said::Text(payload) } else { Said::Binary(payload) })
    }
}

/// Takes a complete frame from the front.
fn frame(input: &mut BytesMut) -> Result<Option<Frame>, String> {
    let [first, second, ..] = input[..] else {
        return Ok(None);
    };
    let (head, len) = match second {
        0..126 => (2, usize::from(second)),
        126 => match input.get(2..).and_then(<[u8]>::first_chunk) {
            Some(len) => (4, usize::from(u16::from_be_bytes(*len))),
            None => return Ok(None),
        },
        127 => match input.get(2..).and_then(<[u8]>::first_chunk) {
            Some(len) => (10, u64::from_be_bytes(*len) as usize),
            None => return Ok(None),
        },
        _ => return Err("a masked frame from the server".into()),
    };
    if len > LONGEST_MESSAGE {
        return Err(format!("a frame of {len} bytes"));
    }
    if (head == 4 && len < 126) || (head == 10 && len <= 0xffff) {
        return Err(format!("the length {len} in a non-minimal encoding"));
    }
    if input.len() < head + len {
        return Ok(None);
    }
    input.advance(head);
    Ok(Some(Frame { first, payload: input.split_to(len).to_vec() }))
}
