//! Decoding base64 that arrives in pieces.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ws_core::ProtocolError;

/// Decodes base64 that arrives in pieces: the standard alphabet with padding (RFC 4648 §4), and
/// nothing after the padding.
#[derive(Debug, Default)]
pub(super) struct Base64Decoder {
    /// The characters of an incomplete group: always fewer than four between calls.
    open: Vec<u8>,
    /// Whether the padding of this message was decoded: nothing may follow until its end.
    padded: bool,
}

impl Base64Decoder {
    pub(super) fn push(&mut self, piece: &[u8], output: &mut Vec<u8>) -> Result<(), ProtocolError> {
        if piece.is_empty() {
            return Ok(());
        }
        if self.padded {
            return Err(ProtocolError::InvalidBase64);
        }
        let fill = piece.len().min((4 - self.open.len()) % 4);
        let (first, piece) = piece.split_at(fill);
        self.open.extend_from_slice(first);
        if self.open.len() == 4 {
            let group = std::mem::take(&mut self.open);
            self.decode(&group, output)?;
        }
        let (groups, open) = piece.split_at(piece.len() - piece.len() % 4);
        if !groups.is_empty() {
            self.decode(groups, output)?;
        }
        if !open.is_empty() {
            self.open.extend_from_slice(open);
        }
        Ok(())
    }

    fn decode(&mut self, groups: &[u8], output: &mut Vec<u8>) -> Result<(), ProtocolError> {
        if self.padded {
            return Err(ProtocolError::InvalidBase64);
        }
        self.padded = groups.ends_with(b"=");
        STANDARD.decode_vec(groups, output).map_err(|_| ProtocolError::InvalidBase64)
    }

    /// Ends a message.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidBase64`] when its last group is incomplete.
    pub(super) fn finish(&mut self) -> Result<(), ProtocolError> {
        self.padded = false;
        if self.open.is_empty() { Ok(()) } else { Err(ProtocolError::InvalidBase64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<u8>, ProtocolError> {
        let (mut decoder, mut output) = (Base64Decoder::default(), Vec::new());
        for piece in pieces {
            decoder.push(piece, &mut output)?;
        }
        decoder.finish().map(|()| output)
    }

    #[test]
    fn decodes_base64_alike_wherever_it_is_cut() {
        for (text, bytes) in
            [("", &b""[..]), ("AP8B", b"\x00\xff\x01"), ("aGVsbG8h/w==", b"hello!\xff")]
        {
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let text = text.as_bytes();
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    assert_eq!(decode(&pieces).as_deref(), Ok(bytes), "{pieces:?}");
                }
            }
        }
    }

    #[test]
    fn refuses_what_is_not_padded_base64_wherever_it_is_cut() {
        for text in ["A", "AP8", "AP8B=", "AP==AP8B", "A===", "AP 8", "AP8-", "====", "AP8B\n"] {
            for cut in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                assert!(decode(&[first, second]).is_err(), "{text} split at {cut}");
            }
        }
    }
}
