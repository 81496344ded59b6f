//! Status codes and reasons of the closing handshake, and how versions differ in them.

use bytestring::ByteString;

use crate::protocol_error::ProtocolError;
use crate::utf8;

/// Why a connection is closed, as a number (RFC 6455 §7.4).
///
/// The names are those of RFC 6455 and its registry. Older versions have fewer codes; one they
/// lack is sent as the nearest one they have, see [`StatusRules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// 1001: the server shuts down, or the browser leaves the page.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a type of data that cannot be accepted.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// 1007: data that is not what its type says, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode(1007);
    /// 1008: a policy forbids it, and no other code fits.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// 1009: a message is too big.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// 1011: the server met an unexpected condition.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);
    /// 1012: the service restarts.
    pub const RESTART: CloseCode = CloseCode(1012);
    /// 1013: the service is overloaded, try again later.
    pub const TRY_AGAIN_LATER: CloseCode = CloseCode(1013);
    /// 1014: a gateway got an invalid response from the upstream server.
    pub const BAD_GATEWAY: CloseCode = CloseCode(1014);

    /// The code of this number, if it may be sent: 1000 to 1003, 1007 to 1014, and 3000 to
    /// 4999 for libraries and applications (RFC 6455 §7.4.2).
    pub const fn new(number: u16) -> Option<CloseCode> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(CloseCode(number)),
            _ => None,
        }
    }

    /// A code of a library or an application (RFC 6455 §7.4.2).
    ///
    /// # Panics
    /// When the number is not within 3000 to 4999; in a constant this is an error of the compiler.
    pub const fn application(number: u16) -> CloseCode {
        assert!(3000 <= number && number <= 4999, "codes of applications are 3000 to 4999");
        CloseCode(number)
    }

    /// A code that a peer has sent, unchecked.
    const fn received(number: u16) -> CloseCode {
        CloseCode(number)
    }

    /// 1004 in versions 7 and 8: a frame is too large. RFC 6455 has 1009 for it.
    pub const FRAME_TOO_LARGE: CloseCode = CloseCode(1004);

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for CloseCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A status code and a text for people (RFC 6455 §5.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason {
    code: CloseCode,
    text: ByteString,
}

/// The longest text of a [`CloseReason`], in bytes: the payload of a control frame less the two
/// bytes of the code.
const MAX_TEXT: usize = 123;

impl CloseReason {
    /// A reason; text over 123 bytes is truncated at a character boundary.
    pub fn new(code: CloseCode, text: impl Into<ByteString>) -> CloseReason {
        let mut text = text.into();
        if text.len() > MAX_TEXT {
            let end = (0..=MAX_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text = text.slice_ref(&text[..end]);
        }
        CloseReason { code, text }
    }

    /// The status code.
    pub fn code(&self) -> CloseCode {
        self.code
    }

    /// The text; may be empty.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads the payload of a Close frame; `None` when it is empty.
    ///
    /// # Errors
    /// [`ProtocolError`] for a payload of one byte, a code that may not be sent, or a text that is
    /// not UTF-8.
    pub fn parse(
        payload: &[u8],
        rules: &StatusRules,
    ) -> Result<Option<CloseReason>, ProtocolError> {
        let (code, text) = match payload {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::CloseOfOneByte),
            [high, low, text @ ..] => (u16::from_be_bytes([*high, *low]), text),
        };
        if !(rules.accepts)(code) {
            return Err(ProtocolError::CloseCode(code));
        }
        let text = utf8::validate(text).ok_or(ProtocolError::InvalidReason)?;
        Ok(Some(CloseReason { code: CloseCode::received(code), text: text.into() }))
    }

    /// The payload of a Close frame.
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = self.code.0.to_be_bytes().to_vec();
        payload.extend_from_slice(self.text.as_bytes());
        payload
    }

    /// The same reason, with the status code of an older version.
    pub(crate) fn under(&self, rules: &StatusRules) -> CloseReason {
        CloseReason { code: (rules.sent_as)(self.code), text: self.text.clone() }
    }
}

impl std::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.text.is_empty() {
            true => write!(f, "{}", self.code),
            false => write!(f, "{} {}", self.code, self.text),
        }
    }
}

/// The status codes of one version of the protocol.
///
/// ```
/// use ws_core::{CloseCode, StatusRules};
///
/// // A version that has no code for a text that is not UTF-8.
/// static STATUS: StatusRules = StatusRules::new()
///     .with_sent_as(|code| match code {
///         CloseCode::INVALID_PAYLOAD => CloseCode::PROTOCOL_ERROR,
///         _ => code,
///     })
///     .with_invalid_reason(CloseCode::PROTOCOL_ERROR);
/// # assert_eq!((STATUS.sent_as)(CloseCode::INVALID_PAYLOAD), STATUS.invalid_reason);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StatusRules {
    /// The code of this version that is nearest to a code of RFC 6455.
    pub sent_as: fn(CloseCode) -> CloseCode,
    /// Whether a Close frame may carry this number.
    pub accepts: fn(u16) -> bool,
    /// The code that answers a reason that is not UTF-8.
    pub invalid_reason: CloseCode,
}

impl StatusRules {
    /// The rules of RFC 6455 (§7.4): every code that [may be sent](CloseCode::new) is accepted and
    /// sent as it is, and a reason that is not UTF-8 is answered with 1007.
    pub const fn new() -> StatusRules {
        StatusRules {
            sent_as: |code| match code {
                CloseCode::FRAME_TOO_LARGE => CloseCode::TOO_BIG,
                _ => code,
            },
            accepts: |number| CloseCode::new(number).is_some(),
            invalid_reason: CloseCode::INVALID_PAYLOAD,
        }
    }

    /// These rules, with another [`sent_as`](StatusRules::sent_as).
    #[must_use]
    pub const fn with_sent_as(self, nearest: fn(CloseCode) -> CloseCode) -> StatusRules {
        StatusRules { sent_as: nearest, ..self }
    }

    /// These rules, with another [`accepts`](StatusRules::accepts).
    #[must_use]
    pub const fn with_accepts(self, accepts: fn(u16) -> bool) -> StatusRules {
        StatusRules { accepts, ..self }
    }

    /// These rules, with another [`invalid_reason`](StatusRules::invalid_reason).
    #[must_use]
    pub const fn with_invalid_reason(self, code: CloseCode) -> StatusRules {
        StatusRules { invalid_reason: code, ..self }
    }
}

impl Default for StatusRules {
    fn default() -> StatusRules {
        StatusRules::new()
    }
}

impl ProtocolError {
    /// The status code that reports this error to the peer (RFC 6455 §7.4.1).
    pub fn status(self) -> CloseCode {
        match self {
            ProtocolError::InvalidUtf8
            | ProtocolError::InvalidReason
            | ProtocolError::InvalidBase64 => CloseCode::INVALID_PAYLOAD,
            ProtocolError::UnexpectedBinary => CloseCode::UNSUPPORTED,
            ProtocolError::FrameTooBig { .. } | ProtocolError::MessageTooBig { .. } => {
                CloseCode::TOO_BIG
            }
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: StatusRules = StatusRules::new();

    #[test]
    fn codes_of_applications_are_taken_as_they_are() {
        const CODE: CloseCode = CloseCode::application(4001);
        assert_eq!(Some(CODE), CloseCode::new(4001));
    }

    #[test]
    #[should_panic = "codes of applications"]
    fn other_codes_are_no_application_codes() {
        let _code = CloseCode::application(1000);
    }

    #[test]
    fn reads_and_writes_the_payload_of_a_close_frame() {
        let reason = CloseReason::new(CloseCode::GOING_AWAY, "bye");
        assert_eq!(reason.payload(), [0x03, 0xe9, b'b', b'y', b'e']);
        assert_eq!(CloseReason::parse(&reason.payload(), &RULES), Ok(Some(reason)));
        assert_eq!(CloseReason::parse(&[], &RULES), Ok(None));
    }

    #[test]
    fn refuses_one_byte_forbidden_codes_and_broken_text() {
        let parse = |payload: &[u8]| CloseReason::parse(payload, &RULES).unwrap_err();
        assert_eq!(parse(&[3]), ProtocolError::CloseOfOneByte);
        assert_eq!(parse(&[3, 0xe8, 0xff]), ProtocolError::InvalidReason);
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert_eq!(parse(&u16::to_be_bytes(code)), ProtocolError::CloseCode(code));
        }
    }

    #[test]
    fn cuts_a_long_text_at_a_character() {
        let reason = CloseReason::new(CloseCode::NORMAL, "é".repeat(100));
        assert_eq!(reason.text(), "é".repeat(61));
        assert!(reason.payload().len() <= 125);
    }
}
