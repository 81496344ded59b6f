//! The differences between HyBi-07, HyBi-08 and RFC 6455.

use crate::close::StatusRules;
use crate::draft_id::DraftId;

/// The differences between the drafts of the family.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// The name of the draft.
    pub id: DraftId,
    /// Its `Sec-WebSocket-Version`.
    pub version: u8,
    /// The request field that carries the origin of the page.
    pub origin: OriginField,
    /// Which values a `Sec-WebSocket-Key` may have.
    pub key: KeyRule,
    /// What happens to a frame with a reserved opcode.
    pub reserved_opcode: ReservedOpcode,
    /// Whether a payload length must be encoded in the fewest bytes.
    pub length: LengthRule,
    /// How the value of an extension's parameter may be written.
    pub extension_value: ExtensionValue,
    /// The status codes of its Close frames.
    pub status: StatusRules,
}

/// The request field that carries the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginField {
    /// `Origin`.
    Origin,
    /// `Sec-WebSocket-Origin`, as up to HyBi-10, or else `Origin`, as in HyBi-11 and -12.
    SecWebSocketOrigin,
}

/// Which values a `Sec-WebSocket-Key` may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRule {
    /// Base64 of 16 bytes (RFC 6455 §4.2.1).
    Base64Of16Bytes,
    /// Any printable text: real clients of the drafts send other lengths.
    Printable,
}

/// What happens to a frame with a reserved opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservedOpcode {
    /// It is skipped.
    Ignore,
    /// The connection fails.
    Fail,
}

/// How the value of an extension's parameter may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtensionValue {
    /// As a token.
    Token,
    /// As a token, or as a quoted string whose content is one (HyBi-14 and later).
    TokenOrQuoted,
}

/// Whether a payload length must be encoded in the fewest bytes (RFC 6455 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthRule {
    /// It must: another encoding fails the connection.
    Minimal,
    /// Any encoding is accepted.
    Any,
}
