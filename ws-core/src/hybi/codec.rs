//! The framing of the HyBi family (RFC 6455 §5).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::encoder::{Encoder, encode_frame};
use super::{LengthRule, Profile, ReservedOpcode};
use crate::codec::{Capabilities, Codec, Decoded, EncodeError, Envelope, Fragment};
use crate::frame::{Frame, FrameHeader, MAX_CONTROL_PAYLOAD, MaskingKey, OpCode};
use crate::message::MessageKind;
use crate::protocol_error::ProtocolError;
use crate::role::Role;

/// The codec of one connection of the HyBi family.
#[derive(Debug)]
pub struct HybiCodec {
    profile: &'static Profile,
    masking: Masking,
    /// The longest payload of a data frame, in bytes.
    max_frame: u64,
    /// The rest of the current frame. `Some` only while a part of its payload has not arrived.
    rest: Option<Rest>,
}

/// Which side masks its frames: clients do, servers do not (RFC 6455 §5.1).
#[derive(Debug)]
enum Masking {
    /// We are the server.
    Incoming,
    /// We are the client.
    Outgoing(Box<KeySource>),
}

/// The source of masking keys. They must be unpredictable (RFC 6455 §5.3): each is the hash of a
/// counter, by a keyed hash function whose key comes from the random numbers of the operating
/// system.
#[derive(Debug, Default)]
struct KeySource {
    random: RandomState,
    /// How many keys were drawn: the counter that is hashed.
    drawn: u64,
}

impl KeySource {
    fn draw(&mut self) -> MaskingKey {
        self.drawn += 1;
        let [a, b, c, d, ..] = self.random.hash_one(self.drawn).to_ne_bytes();
        MaskingKey::new([a, b, c, d])
    }
}

/// The rest of a frame. Control frames are never cut, so it is a data frame or one with a reserved
/// opcode.
#[derive(Debug, Clone, Copy)]
struct Rest {
    /// How many bytes of its payload have not arrived; never 0.
    remaining: u64,
    /// The masking key, rotated for the next byte. `Some` exactly in a server.
    key: Option<MaskingKey>,
    purpose: Purpose,
}

/// What happens to the payload of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It is delivered; `fin` is that of the frame.
    Deliver { fin: bool },
    /// It is skipped: its opcode is reserved.
    Skip,
}

impl HybiCodec {
    /// A codec for one end of a connection; it refuses data frames over `max_frame` bytes.
    pub fn new(profile: &'static Profile, role: Role, max_frame: u64) -> HybiCodec {
        let masking = match role {
            Role::Server => Masking::Incoming,
            Role::Client => Masking::Outgoing(Box::default()),
        };
        HybiCodec { profile, masking, max_frame, rest: None }
    }

    /// The fast path of a server: decodes an unfragmented message of less than 64 KiB and at most
    /// `limit` bytes that has arrived completely. `None` for every other frame: only
    /// [`decode`](Codec::decode) checks all rules.
    #[inline]
    pub(crate) fn decode_whole(&self, input: &mut [u8], limit: u64) -> Option<WholeMessage> {
        if self.rest.is_some() || !matches!(self.masking, Masking::Incoming) {
            return None;
        }
        let [first, second, ..] = *input else { return None };
        let kind = match first {
            0x81 => MessageKind::Text,
            0x82 => MessageKind::Binary,
            _ => return None,
        };
        let limit = limit.min(self.max_frame);
        match second {
            0x80..0xfe => unmask_whole::<6>(kind, usize::from(second - 0x80), limit, input),
            0xfe => {
                let [_, _, high, low, ..] = *input else { return None };
                match u16::from_be_bytes([high, low]) {
                    0..126 => None,
                    len => unmask_whole::<8>(kind, usize::from(len), limit, input),
                }
            }
            _ => None,
        }
    }

    /// Decodes a new frame, as far as it has arrived.
    #[inline(never)]
    fn decode_frame(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
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
            // Control frames are short, and are only decoded when they are complete.
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

    /// Decodes the next bytes of the current frame.
    #[inline(never)]
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

    /// Checks a header against the rules of RFC 6455 §5 and of the profile.
    fn check(&self, header: &FrameHeader, minimal: bool) -> Result<(), ProtocolError> {
        match (&self.masking, header.key) {
            (Masking::Incoming, None) => return Err(ProtocolError::Unmasked),
            (Masking::Outgoing(_), Some(_)) => return Err(ProtocolError::Masked),
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

    /// An encoder that encodes as this does, if that needs no state.
    pub(crate) fn encoder(&self) -> Option<Encoder> {
        matches!(self.masking, Masking::Incoming).then_some(Encoder::new())
    }

    /// Whether a part of the current frame has not arrived.
    pub(super) fn is_within_frame(&self) -> bool {
        self.rest.is_some()
    }

    /// The header of an unfragmented message that is sent.
    pub(super) fn header(&mut self, opcode: OpCode, reserved: u8, len: usize) -> FrameHeader {
        let (opcode, key) = (opcode.bits(), self.draw_key());
        FrameHeader { fin: true, reserved, opcode, key, len: len as u64 }
    }

    #[inline]
    fn draw_key(&mut self) -> Option<MaskingKey> {
        match &mut self.masking {
            Masking::Incoming => None,
            Masking::Outgoing(keys) => Some(keys.draw()),
        }
    }
}

/// A message in one frame at the front of the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WholeMessage {
    pub(crate) kind: MessageKind,
    /// Where its payload begins in the input, and where it ends.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Unmasks the message of `len` bytes after a header of `HEADER` bytes, which ends with the masking
/// key. `None` when it is over the limit or not complete.
#[inline]
fn unmask_whole<const HEADER: usize>(
    kind: MessageKind,
    len: usize,
    limit: u64,
    input: &mut [u8],
) -> Option<WholeMessage> {
    if len as u64 > limit {
        return None;
    }
    let (header, rest) = input.split_first_chunk_mut::<HEADER>()?;
    let payload = rest.get_mut(..len)?;
    MaskingKey::new(*header.last_chunk()?).apply(payload);
    Some(WholeMessage { kind, start: HEADER, end: HEADER + len })
}

impl Codec for HybiCodec {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .with_binary()
            .with_ping()
            .with_fragments()
            .with_status(&self.profile.status)
    }

    #[inline]
    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        if let Some(rest) = self.rest {
            return Ok(self.continue_frame(rest, input));
        }
        if let Some(WholeMessage { kind, start, end }) = self.decode_whole(input, u64::MAX) {
            let fragment = Fragment::new(kind.opcode(), true, start..end);
            return Ok(Some(Decoded::new(end, fragment)));
        }
        self.decode_frame(input)
    }

    #[inline]
    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        if frame.opcode.is_control() && frame.payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(EncodeError::LongControl);
        }
        let key = self.draw_key();
        encode_frame(frame, key, output);
        Ok(())
    }

    fn envelope(&mut self, opcode: OpCode, len: usize) -> Option<Envelope> {
        if let Masking::Outgoing(_) = self.masking {
            return None;
        }
        Envelope::new(&self.header(opcode, 0, len).to_bytes(), &[])
    }
}
