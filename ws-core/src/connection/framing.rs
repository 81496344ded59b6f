//! The codec of a connection, wherever it lies.

use std::any::Any;

use crate::codec::{Codec, Decoded, EncodeError, Envelope, Transformed};
use crate::frame::{Frame, OpCode};
use crate::hybi::HybiCodec;
use crate::protocol_error::ProtocolError;

/// Calls the same method on whichever codec it is.
macro_rules! each {
    ($framing:expr, $codec:ident => $call:expr) => {
        match $framing {
            Framing::Hybi($codec) => $call,
            Framing::Boxed($codec) => $call,
        }
    };
}

/// The framing of most connections, that of this crate, lies in the connection: memory of its own
/// would come from afar for each message of many connections. Any other is in a box.
#[derive(Debug)]
pub(super) enum Framing {
    Hybi(HybiCodec),
    Boxed(Box<dyn Codec>),
}

impl From<Box<dyn Codec>> for Framing {
    fn from(codec: Box<dyn Codec>) -> Framing {
        if !(&*codec as &dyn Any).is::<HybiCodec>() {
            return Framing::Boxed(codec);
        }
        match (codec as Box<dyn Any>).downcast() {
            Ok(codec) => Framing::Hybi(*codec),
            Err(_) => unreachable!("it is asked for the line before"),
        }
    }
}

/// As the methods of [`Codec`].
impl Framing {
    #[inline(always)]
    pub(super) fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        each!(self, codec => codec.decode(input))
    }

    #[inline]
    pub(super) fn encode(
        &mut self,
        frame: Frame<'_>,
        output: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        each!(self, codec => codec.encode(frame, output))
    }

    pub(super) fn encode_plain(
        &mut self,
        frame: Frame<'_>,
        output: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        each!(self, codec => codec.encode_plain(frame, output))
    }

    #[inline]
    pub(super) fn take_transformed(&mut self) -> Option<Transformed> {
        each!(self, codec => codec.take_transformed())
    }

    pub(super) fn discard_data(&mut self) {
        each!(self, codec => codec.discard_data());
    }

    pub(super) fn envelope(&mut self, opcode: OpCode, len: usize) -> Option<Envelope> {
        each!(self, codec => codec.envelope(opcode, len))
    }
}
