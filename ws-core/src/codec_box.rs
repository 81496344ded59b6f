//! The codec of a connection, of any kind.

use crate::codec::{Capabilities, Codec, Decoded, EncodeError, Envelope, Transformed};
use crate::frame::{Frame, OpCode};
use crate::hybi::codec::{HybiCodec, WholeMessage};
use crate::hybi::encoder::Encoder;
use crate::protocol_error::ProtocolError;

/// The codec of one connection; see [`Draft::codec`](crate::Draft::codec).
///
/// The framing of most connections, that of the HyBi family, is stored inline, without an
/// allocation. Any other is boxed.
#[derive(Debug)]
pub struct CodecBox(Framing);

#[derive(Debug)]
enum Framing {
    Hybi(HybiCodec),
    Other(Box<dyn Codec>),
}

impl CodecBox {
    /// A codec of any kind.
    pub fn new(codec: impl Codec + 'static) -> CodecBox {
        CodecBox(Framing::Other(Box::new(codec)))
    }

    /// The message at the front of `input`, if it only has to be unmasked; see
    /// [`HybiCodec::decode_whole`].
    #[inline]
    pub(crate) fn decode_whole(&self, input: &mut [u8], limit: u64) -> Option<WholeMessage> {
        match &self.0 {
            Framing::Hybi(codec) => codec.decode_whole(input, limit),
            Framing::Other(_) => None,
        }
    }

    /// An encoder that encodes as this does, if that needs no state.
    pub(crate) fn encoder(&self) -> Option<Encoder> {
        match &self.0 {
            Framing::Hybi(codec) => codec.encoder(),
            Framing::Other(_) => None,
        }
    }
}

impl From<HybiCodec> for CodecBox {
    fn from(codec: HybiCodec) -> CodecBox {
        CodecBox(Framing::Hybi(codec))
    }
}

/// Calls the same method on either kind of codec.
macro_rules! each {
    ($framing:expr, $codec:ident => $call:expr) => {
        match $framing {
            Framing::Hybi($codec) => $call,
            Framing::Other($codec) => $call,
        }
    };
}

impl Codec for CodecBox {
    fn capabilities(&self) -> Capabilities {
        each!(&self.0, codec => codec.capabilities())
    }

    #[inline(always)]
    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        each!(&mut self.0, codec => codec.decode(input))
    }

    #[inline]
    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        each!(&mut self.0, codec => codec.encode(frame, output))
    }

    fn encode_plain(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        each!(&mut self.0, codec => codec.encode_plain(frame, output))
    }

    fn is_extended(&self) -> bool {
        each!(&self.0, codec => codec.is_extended())
    }

    #[inline]
    fn take_transformed(&mut self) -> Option<Transformed> {
        each!(&mut self.0, codec => codec.take_transformed())
    }

    fn discard_data(&mut self) {
        each!(&mut self.0, codec => codec.discard_data());
    }

    fn envelope(&mut self, opcode: OpCode, len: usize) -> Option<Envelope> {
        each!(&mut self.0, codec => codec.envelope(opcode, len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Said, read};
    use crate::draft::Draft;
    use crate::hybi::SOUND;
    use crate::limits::Limits;
    use crate::role::Role;

    fn codec() -> CodecBox {
        SOUND.codec(Role::Server, &Limits::default())
    }

    #[test]
    fn the_framing_of_the_family_is_in_no_box_and_any_other_is() {
        assert!(matches!(codec().0, Framing::Hybi(_)));
        assert!(matches!(CodecBox::new(codec()).0, Framing::Other(_)));
    }

    #[test]
    fn what_is_in_a_box_reads_as_without_one() {
        let mut outputs = [Vec::new(), Vec::new()];
        for (mut codec, output) in [codec(), CodecBox::new(codec())].into_iter().zip(&mut outputs) {
            let frame = Frame::whole(OpCode::Text, b"a");
            codec.encode(frame, output).unwrap();
            codec.encode_plain(frame, output).unwrap();
            assert!(codec.capabilities().binary && !codec.is_extended());
            let envelope = codec.envelope(OpCode::Binary, 1).unwrap();
            assert_eq!((envelope.head(), codec.take_transformed()), (&b"\x82\x01"[..], None));
            codec.discard_data();
            let heard = read(codec, [&b"\x81\x81\0\0\0\0a"[..]]);
            assert_eq!(heard.said, [Said::new(OpCode::Text, "a")]);
        }
        assert_eq!(outputs[0], outputs[1]);
    }
}
