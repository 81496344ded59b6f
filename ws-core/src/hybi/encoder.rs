//! Encoding a frame, with or without a codec.

use crate::frame::{Frame, FrameHeader, MAX_HEADER_BYTES, MaskingKey};
use crate::message::MessageRef;

/// Encodes whole messages of a server, which needs no state: for a sender without access to the
/// connection. See [`Connection::encoder`](crate::Connection::encoder).
#[derive(Debug, Clone, Copy)]
pub struct Encoder(());

impl Encoder {
    pub(super) fn new() -> Encoder {
        Encoder(())
    }

    /// Appends a message to `output`, in one frame.
    #[inline]
    pub fn encode(self, message: MessageRef<'_>, output: &mut Vec<u8>) {
        encode_frame(Frame::whole(message.kind().opcode(), message.as_bytes()), None, output);
    }
}

/// Appends a frame to `output`, masked with `key` if there is one.
#[inline]
pub(super) fn encode_frame(frame: Frame<'_>, key: Option<MaskingKey>, output: &mut Vec<u8>) {
    let (opcode, len) = (frame.opcode.bits(), frame.payload.len() as u64);
    output.reserve(MAX_HEADER_BYTES + frame.payload.len());
    FrameHeader { fin: frame.fin, reserved: 0, opcode, key, len }.append(output);
    let start = output.len();
    output.extend_from_slice(frame.payload);
    if let Some(key) = key {
        key.apply(&mut output[start..]);
    }
}
