//! The framing of the HyBi family (RFC 6455 §5).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::{LengthRule, Profile, ReservedOpcode};
use crate::codec::{
    Capabilities, Codec, Decoded, EncodeError, Envelope, Fragment, InvalidText, ProtocolError,
};
use crate::draft::Role;
use crate::frame::{Frame, FrameHeader, MAX_CONTROL_PAYLOAD, MaskingKey, OpCode};

/// The codec of one connection of the family.
#[derive(Debug)]
pub struct HybiCodec {
    profile: &'static Profile,
    masking: Masking,
    max_frame: u64,
    /// What is still to come of a frame that did not arrive whole.
    rest: Option<Rest>,
}

/// Which side masks: clients do, servers do not (RFC 6455 §5.1).
#[derive(Debug)]
enum Masking {
    /// We are the server.
    Incoming,
    /// We are the client. Keys must be unpredictable: they are drawn from a hash that the
    /// operating system's randomness keys.
    Outgoing { random: RandomState, drawn: u64 },
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    remaining: u64,
    key: Option<MaskingKey>,
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Deliver { fin: bool },
    Skip,
}

impl HybiCodec {
    /// A codec for one end of a connection; frames over `max_frame` bytes are refused.
    pub fn new(profile: &'static Profile, role: Role, max_frame: u64) -> HybiCodec {
        let masking = match role {
            Role::Server => Masking::Incoming,
            Role::Client => Masking::Outgoing { random: RandomState::new(), drawn: 0 },
        };
        HybiCodec { profile, masking, max_frame, rest: None }
    }

    /// Most of what a server reads: a whole message of less than 64 KiB that has arrived whole.
    /// Everything else takes the long way, which alone knows the rules.
    #[inline]
    fn decode_whole(&self, input: &mut [u8]) -> Option<Decoded> {
        let (&mut [first, second], rest) = input.split_first_chunk_mut::<2>()?;
        let opcode = match first {
            0x81 => OpCode::Text,
            0x82 => OpCode::Binary,
            _ => return None,
        };
        let (len, size, rest) = match second {
            0x80..0xfe => (usize::from(second - 0x80), 6, rest),
            0xfe => {
                let (len, rest) = rest.split_first_chunk_mut::<2>()?;
                let len = usize::from(u16::from_be_bytes(*len));
                (Some(len).filter(|len| *len >= 126)?, 8, rest)
            }
            _ => return None,
        };
        if !matches!(self.masking, Masking::Incoming) || len as u64 > self.max_frame {
            return None;
        }
        let (key, rest) = rest.split_first_chunk_mut::<4>()?;
        MaskingKey::new(*key).apply(rest.get_mut(..len)?);
        let fragment = Fragment { opcode, fin: true, payload: size..size + len, remaining: 0 };
        Some(Decoded { consumed: size + len, fragment: Some(fragment) })
    }

    /// The next bytes of a frame whose header came earlier.
    fn continue_frame(&mut self, rest: Rest, input: &mut [u8]) -> Option<Decoded> {
        if input.is_empty() {
            return None;
        }
        let here = usize::try_from(rest.remaining).map_or(input.len(), |n| n.min(input.len()));
        let remaining = rest.remaining - here as u64;
        if let Some(key) = rest.key {
            key.apply(&mut input[..here]);
        }
        let key = rest.key.map(|key| key.advanced(here));
        self.rest = (remaining > 0).then_some(Rest { remaining, key, ..rest });
        let fragment = match rest.purpose {
            Purpose::Skip => None,
            Purpose::Deliver { fin } => Some(Fragment {
                opcode: OpCode::Continuation,
                fin: fin && remaining == 0,
                payload: 0..here,
                remaining,
            }),
        };
        Some(Decoded { consumed: here, fragment })
    }

    fn check(&self, header: &FrameHeader, minimal: bool) -> Result<(), ProtocolError> {
        match (&self.masking, header.key) {
            (Masking::Incoming, None) => return Err(ProtocolError::Unmasked),
            (Masking::Outgoing { .. }, Some(_)) => return Err(ProtocolError::Masked),
            _ => {}
        }
        if header.reserved != 0 {
            return Err(ProtocolError::ReservedBits(header.reserved));
        }
        if header.opcode & 0x8 != 0 {
            if header.len > MAX_CONTROL_PAYLOAD as u64 {
                return Err(ProtocolError::LongControl);
            }
            if !header.fin {
                return Err(ProtocolError::FragmentedControl);
            }
        }
        if !minimal && self.profile.length == LengthRule::Minimal {
            return Err(ProtocolError::NonMinimalLength);
        }
        if header.opcode & 0x8 == 0 && header.len > self.max_frame {
            return Err(ProtocolError::FrameTooBig { limit: self.max_frame });
        }
        Ok(())
    }

    /// Whether a frame has begun that did not arrive whole.
    pub(super) fn is_within_frame(&self) -> bool {
        self.rest.is_some()
    }

    /// The header of a whole message that is sent.
    pub(super) fn header(&mut self, opcode: OpCode, reserved: u8, len: usize) -> FrameHeader {
        let (opcode, key) = (opcode.bits(), self.draw_key());
        FrameHeader { fin: true, reserved, opcode, key, len: len as u64 }
    }

    fn draw_key(&mut self) -> Option<MaskingKey> {
        let Masking::Outgoing { random, drawn } = &mut self.masking else {
            return None;
        };
        *drawn += 1;
        let [a, b, c, d, ..] = random.hash_one(*drawn).to_ne_bytes();
        Some(MaskingKey::new([a, b, c, d]))
    }
}

impl Codec for HybiCodec {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            binary: true,
            ping: true,
            fragments: true,
            close: true,
            status: Some(&self.profile.status),
            invalid_text: InvalidText::Fail,
        }
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        if let Some(rest) = self.rest {
            return Ok(self.continue_frame(rest, input));
        }
        if let Some(decoded) = self.decode_whole(input) {
            return Ok(Some(decoded));
        }
        let Some(parsed) = FrameHeader::parse(input)? else {
            return Ok(None);
        };
        let (header, size) = (parsed.header, parsed.size);
        self.check(&header, parsed.minimal)?;
        let purpose = match OpCode::from_bits(header.opcode) {
            Some(_) => Purpose::Deliver { fin: header.fin },
            None if self.profile.reserved_opcode == ReservedOpcode::Ignore => Purpose::Skip,
            None => return Err(ProtocolError::ReservedOpcode(header.opcode)),
        };
        let available = input.len() - size;
        let here = usize::try_from(header.len).map_or(available, |len| len.min(available));
        let remaining = header.len - here as u64;
        if remaining > 0 && header.opcode & 0x8 != 0 {
            // Control frames are short, and shown whole.
            return Ok(None);
        }
        if let Some(key) = header.key {
            key.apply(&mut input[size..size + here]);
        }
        if remaining > 0 {
            let key = header.key.map(|key| key.advanced(here));
            self.rest = Some(Rest { remaining, key, purpose });
        }
        let fragment = match (purpose, OpCode::from_bits(header.opcode)) {
            (Purpose::Deliver { fin }, Some(opcode)) => Some(Fragment {
                opcode,
                fin: fin && remaining == 0,
                payload: size..size + here,
                remaining,
            }),
            _ => None,
        };
        Ok(Some(Decoded { consumed: size + here, fragment }))
    }

    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        if frame.opcode.is_control() && frame.payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(EncodeError::LongControl);
        }
        let header = FrameHeader {
            fin: frame.fin,
            reserved: 0,
            opcode: frame.opcode.bits(),
            key: self.draw_key(),
            len: frame.payload.len() as u64,
        };
        output.reserve(size_of::<u128>() + frame.payload.len());
        header.append(output);
        let start = output.len();
        output.extend_from_slice(frame.payload);
        if let Some(key) = header.key {
            key.apply(&mut output[start..]);
        }
        Ok(())
    }

    fn envelope(&mut self, opcode: OpCode, len: usize) -> Option<Envelope> {
        if let Masking::Outgoing { .. } = self.masking {
            return None;
        }
        let header = FrameHeader {
            fin: true,
            reserved: 0,
            opcode: opcode.bits(),
            key: None,
            len: len as u64,
        };
        let (bytes, size) = header.write();
        Envelope::new(&bytes[..size], &[])
    }
}
