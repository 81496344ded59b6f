//! How the bytes of a stream are encoded in messages: as binary, text or base64.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ws_core::connection::ReceivedFragment;
use ws_core::utf8::{Utf8Checker, Utf8Repairer};
use ws_core::{Capabilities, InvalidText, MessageKind, MessageRef, ProtocolError};

use super::base64::Base64Decoder;

/// How the bytes of a stream are encoded in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Binary messages are sent; binary and text are received.
    Binary,
    /// Text messages: the stream must be UTF-8.
    Text,
    /// Text messages, each the base64 of some bytes, as with websockify and txWS.
    Base64,
}

impl Encoding {
    /// The encoding for a connection: base64 if that subprotocol was agreed on; otherwise binary,
    /// or text in drafts without binary messages.
    pub(crate) fn choose(subprotocol: Option<&str>, capabilities: &Capabilities) -> Encoding {
        match subprotocol {
            Some("base64") => Encoding::Base64,
            _ if capabilities.binary => Encoding::Binary,
            _ => Encoding::Text,
        }
    }
}

/// Decodes the fragments of messages to bytes.
#[derive(Debug)]
pub(super) enum PayloadDecoder {
    /// Payloads are the bytes. The checker is that of the text message under way.
    Plain(Utf8Checker),
    /// Payloads are the bytes; what is not UTF-8 in a text is replaced.
    Repair(Utf8Repairer),
    /// Payloads are base64.
    Base64(Base64Decoder),
}

/// Where the bytes of a fragment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecodedPayload {
    /// The payload is the bytes.
    Unchanged,
    /// They were appended to the output.
    Appended,
}

impl PayloadDecoder {
    pub(super) fn new(encoding: Encoding, capabilities: &Capabilities) -> PayloadDecoder {
        match encoding {
            Encoding::Base64 => PayloadDecoder::Base64(Base64Decoder::default()),
            _ if capabilities.invalid_text == InvalidText::Replace => {
                PayloadDecoder::Repair(Utf8Repairer::default())
            }
            _ => PayloadDecoder::Plain(Utf8Checker::new()),
        }
    }

    /// Decodes a fragment; where its payload is not the bytes, they are appended to `decoded`.
    ///
    /// # Errors
    /// A [`ProtocolError`] for a text that is not UTF-8 or not base64, and for a binary message
    /// where base64 was agreed on. What was appended to `decoded` is then to be ignored.
    #[inline]
    pub(super) fn decode(
        &mut self,
        fragment: &ReceivedFragment,
        payload: &[u8],
        decoded: &mut Vec<u8>,
    ) -> Result<DecodedPayload, ProtocolError> {
        match self {
            PayloadDecoder::Plain(_) if fragment.kind == MessageKind::Binary => {
                return Ok(DecodedPayload::Unchanged);
            }
            PayloadDecoder::Plain(checker) => {
                checker.push(payload).map_err(|_| ProtocolError::InvalidUtf8)?;
                if fragment.fin && checker.is_open() {
                    return Err(ProtocolError::InvalidUtf8);
                }
                return Ok(DecodedPayload::Unchanged);
            }
            PayloadDecoder::Repair(repairer) => {
                repairer.push(payload, decoded);
                if fragment.fin {
                    repairer.finish(decoded);
                }
            }
            PayloadDecoder::Base64(_) if fragment.kind == MessageKind::Binary => {
                return Err(ProtocolError::UnexpectedBinary);
            }
            PayloadDecoder::Base64(decoder) => {
                decoder.push(payload, decoded)?;
                if fragment.fin {
                    decoder.finish()?;
                }
            }
        }
        Ok(DecodedPayload::Appended)
    }
}

/// Encodes bytes in messages.
#[derive(Debug)]
pub(super) enum PayloadEncoder {
    /// The bytes are the payload of a binary message.
    Binary,
    /// The bytes are the payload of a text message. The checker holds an incomplete character back
    /// until its other bytes are written.
    Text(Utf8Checker),
    /// The payload of a text message is their base64.
    Base64,
}

impl PayloadEncoder {
    pub(super) fn new(encoding: Encoding) -> PayloadEncoder {
        match encoding {
            Encoding::Binary => PayloadEncoder::Binary,
            Encoding::Text => PayloadEncoder::Text(Utf8Checker::new()),
            Encoding::Base64 => PayloadEncoder::Base64,
        }
    }

    /// How many bytes may be packed at once so that the payload has at most `room` bytes; at
    /// least 1.
    pub(super) fn capacity(&self, room: usize) -> usize {
        match self {
            PayloadEncoder::Binary | PayloadEncoder::Text(_) => room.max(1),
            PayloadEncoder::Base64 => (room / 4 * 3).max(1),
        }
    }

    /// Packs all of `bytes` into messages for `send`.
    ///
    /// # Errors
    /// `InvalidData` when the encoding is text and the bytes are not UTF-8; and those of `send`.
    pub(super) fn encode(
        &mut self,
        bytes: &[u8],
        mut send: impl FnMut(MessageRef<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            PayloadEncoder::Binary => send(MessageRef::Binary(bytes)),
            PayloadEncoder::Text(checker) => {
                let (begun, rest) = checker.push(bytes).map_err(|_| not_text())?;
                if let Some(begun) = begun {
                    send(MessageRef::Text(begun.encode_utf8(&mut [0; 4])))?;
                }
                if rest.is_empty() { Ok(()) } else { send(MessageRef::Text(rest)) }
            }
            PayloadEncoder::Base64 => send(MessageRef::Text(&STANDARD.encode(bytes))),
        }
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// `InvalidData` when the encoding is text and the stream ends within a character.
    pub(super) fn finish(&self) -> io::Result<()> {
        match self {
            PayloadEncoder::Text(checker) if checker.is_open() => Err(not_text()),
            _ => Ok(()),
        }
    }
}

fn not_text() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the bytes are not valid UTF-8, and the protocol version of this client carries only \
         text; have the client offer the subprotocol `base64`, which carries any bytes",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_back_a_character_that_is_not_whole() {
        let mut encoder = PayloadEncoder::new(Encoding::Text);
        let mut sent = Vec::new();
        for byte in "h\u{e9}\u{1f600}".as_bytes().chunks(1) {
            encoder
                .encode(byte, |message| {
                    sent.push(message.to_message());
                    Ok(())
                })
                .unwrap();
        }
        assert_eq!(sent, ["h", "\u{e9}", "\u{1f600}"].map(ws_core::Message::text));
        assert!(encoder.finish().is_ok());
        encoder.encode(&[0xe2], |_| Ok(())).unwrap();
        assert!(encoder.finish().is_err());
    }

    #[test]
    fn packs_as_many_bytes_as_there_is_room_for() {
        for room in [4, 1000, 4096] {
            for encoding in [Encoding::Binary, Encoding::Text, Encoding::Base64] {
                let mut encoder = PayloadEncoder::new(encoding);
                let bytes = vec![b'a'; encoder.capacity(room)];
                let mut sent = 0;
                let send = |message: MessageRef<'_>| {
                    sent += message.as_bytes().len();
                    Ok(())
                };
                encoder.encode(&bytes, send).unwrap();
                assert_eq!(sent, room, "{encoding:?}");
            }
        }
    }

    #[test]
    fn refuses_to_send_bytes_as_text() {
        let error = PayloadEncoder::new(Encoding::Text).encode(&[0xff], |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
