//! The DEFLATE transform of one connection.

use super::budget::Reservation;
use super::deflater::Deflater;
use super::inflater::Inflater;
use crate::extension::{Coding, FrameStart, Step, Then, Transform};
use crate::frame::OpCode;
use crate::protocol_error::ProtocolError;

/// RSV1: the payload is compressed (RFC 7692 §6).
const COMPRESSED: u8 = 0x40;

/// What is compressed as one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A message: its first frame says whether it is compressed.
    Message,
    /// A frame: each says whether it is compressed.
    Frame,
}

#[derive(Debug)]
pub(super) struct DeflateTransform {
    unit: Unit,
    outgoing: Deflater,
    incoming: Inflater,
    /// Whether the current message is compressed. Used only with [`Unit::Message`].
    message: Coding,
    /// The memory of both contexts.
    _reserved: Reservation,
}

impl DeflateTransform {
    pub(super) fn new(
        unit: Unit,
        outgoing: Deflater,
        incoming: Inflater,
        reserved: Reservation,
    ) -> DeflateTransform {
        DeflateTransform { unit, outgoing, incoming, message: Coding::Plain, _reserved: reserved }
    }
}

impl Transform for DeflateTransform {
    fn begin(&mut self, frame: FrameStart) -> Result<Coding, ProtocolError> {
        let coding = match frame.reserved {
            0 => Coding::Plain,
            COMPRESSED => Coding::Transformed,
            bits => return Err(ProtocolError::ReservedBits(bits)),
        };
        match (self.unit, frame.opcode) {
            (Unit::Frame, _) => return Ok(coding),
            (Unit::Message, OpCode::Continuation) if coding == Coding::Transformed => {
                return Err(ProtocolError::ReservedBits(COMPRESSED));
            }
            (Unit::Message, OpCode::Continuation) => {}
            (Unit::Message, _) => {
                self.incoming.abandon();
                self.message = coding;
            }
        }
        Ok(self.message)
    }

    fn decode(
        &mut self,
        input: &[u8],
        then: Then,
        output: &mut Vec<u8>,
    ) -> Result<Step, ProtocolError> {
        let last = match self.unit {
            Unit::Message => then == Then::EndOfMessage,
            Unit::Frame => then != Then::More,
        };
        let step = self.incoming.decode(input, last, output)?;
        if step.done && last {
            self.message = Coding::Plain;
        }
        Ok(step)
    }

    fn encode(&mut self, message: &[u8], output: &mut Vec<u8>) -> Option<u8> {
        self.outgoing.encode(message, output).map(|()| COMPRESSED)
    }
}
