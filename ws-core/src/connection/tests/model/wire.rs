//! The drafts of the models: what a peer can send, and what was sent to it.

use super::super::*;

/// A codec for the server's end, and the bytes that a peer sends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire {
    /// The HyBi family.
    Hybi,
    /// Texts, and a Close without a code, as in hixie-76.
    CloseAlone,
    /// Only texts, as in hixie-75.
    TextAlone,
}

/// What a peer sends in one read. Not every draft has all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Text,
    FirstFragment,
    LastFragment,
    Ping,
    Pong,
    Close,
    CloseWithCode,
    CloseOfOneByte,
    /// A violation of the protocol.
    Nonsense,
    /// A message, and the end of the connection in the same read.
    TextThenClose,
    TextThenCloseOfOneByte,
    TextThenNonsense,
    /// The beginning of a ping.
    HalfAPing,
    /// The beginning of a message of two bytes.
    HalfAMessage,
    /// The rest of what was begun.
    OtherHalf,
}

impl Said {
    pub(super) const ALL: [Said; 15] = [
        Said::Text,
        Said::FirstFragment,
        Said::LastFragment,
        Said::Ping,
        Said::Pong,
        Said::Close,
        Said::CloseWithCode,
        Said::CloseOfOneByte,
        Said::Nonsense,
        Said::TextThenClose,
        Said::TextThenCloseOfOneByte,
        Said::TextThenNonsense,
        Said::HalfAPing,
        Said::HalfAMessage,
        Said::OtherHalf,
    ];

    /// Its frames, if it is more than one.
    fn parts(self) -> Option<(Said, Said)> {
        match self {
            Said::TextThenClose => Some((Said::Text, Said::CloseWithCode)),
            Said::TextThenCloseOfOneByte => Some((Said::Text, Said::CloseOfOneByte)),
            Said::TextThenNonsense => Some((Said::Text, Said::Nonsense)),
            _ => None,
        }
    }

    pub(super) fn is_half(self) -> bool {
        matches!(self, Said::HalfAPing | Said::HalfAMessage)
    }

    pub(super) fn is_close(self) -> bool {
        matches!(self, Said::Close | Said::CloseWithCode | Said::TextThenClose)
    }
}

/// A frame that we sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Message,
    Ping,
    Pong,
    Close,
}

impl Wire {
    pub(super) fn codec(self) -> CodecBox {
        match self {
            Wire::Hybi => codec(Role::Server),
            Wire::CloseAlone => tiny(true),
            Wire::TextAlone => tiny(false),
        }
    }

    /// The bytes that a peer sends after `begun`; `None` when its draft has no such thing.
    pub(super) fn said(self, said: Said, begun: Option<Said>) -> Option<Vec<u8>> {
        if let Some((first, then)) = said.parts() {
            return Some([self.said(first, begun)?, self.said(then, begun)?].concat());
        }
        let Wire::Hybi = self else {
            return match said {
                Said::Text => Some(b"a".to_vec()),
                Said::Nonsense => Some(vec![0xfe]),
                Said::Close | Said::CloseWithCode if matches!(self, Wire::CloseAlone) => {
                    Some(vec![0xff])
                }
                _ => None,
            };
        };
        let (half_ping, half_message) = (masked(0x89, b"half"), masked(0x82, b"xy"));
        Some(match said {
            Said::Text => masked(0x81, b"a"),
            Said::FirstFragment => masked(0x01, b"a"),
            Said::LastFragment => masked(0x80, b"b"),
            Said::Ping => masked(0x89, b"ping"),
            Said::Pong => masked(0x8a, b""),
            Said::Close => masked(0x88, b""),
            Said::CloseWithCode => masked(0x88, b"\x03\xe8bye"),
            Said::CloseOfOneByte => masked(0x88, b"\x03"),
            Said::Nonsense => vec![0x81, 0],
            Said::TextThenClose | Said::TextThenCloseOfOneByte | Said::TextThenNonsense => {
                return None;
            }
            Said::HalfAPing => half_ping[..7].to_vec(),
            Said::HalfAMessage => half_message[..7].to_vec(),
            Said::OtherHalf if begun == Some(Said::HalfAPing) => half_ping[7..].to_vec(),
            Said::OtherHalf => half_message[7..].to_vec(),
        })
    }

    /// The frames that were sent; `Err` when they are not whole frames of the draft.
    pub(super) fn sent(self, mut bytes: &[u8]) -> Result<Vec<Sent>, String> {
        let mut frames = Vec::new();
        while let [first, rest @ ..] = bytes {
            let (frame, rest) = match (self, first, rest) {
                (Wire::Hybi, 0x81, [len @ ..126, rest @ ..]) => {
                    (Sent::Message, rest.get(usize::from(*len)..))
                }
                (Wire::Hybi, 0x88, [len @ ..126, rest @ ..]) => {
                    (Sent::Close, rest.get(usize::from(*len)..))
                }
                (Wire::Hybi, 0x89, [len @ ..126, rest @ ..]) => {
                    (Sent::Ping, rest.get(usize::from(*len)..))
                }
                (Wire::Hybi, 0x8a, [len @ ..126, rest @ ..]) => {
                    (Sent::Pong, rest.get(usize::from(*len)..))
                }
                (Wire::CloseAlone, 0xff, rest) => (Sent::Close, Some(rest)),
                (Wire::CloseAlone | Wire::TextAlone, b'm', rest) => (Sent::Message, Some(rest)),
                _ => return Err(format!("no frame of this draft was sent: {bytes:02x?}")),
            };
            frames.push(frame);
            bytes = rest.ok_or_else(|| format!("half a frame was sent: {bytes:02x?}"))?;
        }
        Ok(frames)
    }
}
