//! The differences between HyBi-07, HyBi-08 and RFC 6455.

use crate::close::StatusRules;
use crate::draft_id::DraftId;

/// The differences between the drafts of the family.
///
/// ```
/// use ws_core::hybi::{OriginField, Profile};
/// use ws_core::DraftId;
///
/// // As RFC 6455, with another field for the origin.
/// static PROFILE: Profile = Profile::new(DraftId::new("acme-hybi"), 106)
///     .with_origin(OriginField::SecWebSocketOrigin);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
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

impl Profile {
    /// The rules of RFC 6455, for a draft with this name and this `Sec-WebSocket-Version`.
    pub const fn new(id: DraftId, version: u8) -> Profile {
        Profile {
            id,
            version,
            origin: OriginField::Origin,
            key: KeyRule::Base64Of16Bytes,
            reserved_opcode: ReservedOpcode::Fail,
            length: LengthRule::Minimal,
            extension_value: ExtensionValue::TokenOrQuoted,
            status: StatusRules::new(),
        }
    }

    /// This profile, with another [`origin`](Profile::origin).
    #[must_use]
    pub const fn with_origin(self, field: OriginField) -> Profile {
        Profile { origin: field, ..self }
    }

    /// This profile, with another [`key`](Profile::key).
    #[must_use]
    pub const fn with_key(self, rule: KeyRule) -> Profile {
        Profile { key: rule, ..self }
    }

    /// This profile, with another [`reserved_opcode`](Profile::reserved_opcode).
    #[must_use]
    pub const fn with_reserved_opcode(self, rule: ReservedOpcode) -> Profile {
        Profile { reserved_opcode: rule, ..self }
    }

    /// This profile, with another [`length`](Profile::length).
    #[must_use]
    pub const fn with_length(self, rule: LengthRule) -> Profile {
        Profile { length: rule, ..self }
    }

    /// This profile, with another [`extension_value`](Profile::extension_value).
    #[must_use]
    pub const fn with_extension_value(self, form: ExtensionValue) -> Profile {
        Profile { extension_value: form, ..self }
    }

    /// This profile, with another [`status`](Profile::status).
    #[must_use]
    pub const fn with_status(self, rules: StatusRules) -> Profile {
        Profile { status: rules, ..self }
    }
}

/// The request field that carries the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginField {
    /// `Origin`.
    Origin,
    /// `Sec-WebSocket-Origin`, as up to HyBi-10, or else `Origin`, as in HyBi-11 and -12.
    SecWebSocketOrigin,
}

/// Which values a `Sec-WebSocket-Key` may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRule {
    /// Base64 of 16 bytes (RFC 6455 §4.2.1).
    Base64Of16Bytes,
    /// Any printable text: real clients of the drafts send other lengths.
    Printable,
}

/// What happens to a frame with a reserved opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReservedOpcode {
    /// It is skipped.
    Ignore,
    /// The connection fails.
    Fail,
}

/// How the value of an extension's parameter may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionValue {
    /// As a token.
    Token,
    /// As a token, or as a quoted string whose content is one (HyBi-14 and later).
    TokenOrQuoted,
}

/// Whether a payload length must be encoded in the fewest bytes (RFC 6455 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LengthRule {
    /// It must: another encoding fails the connection.
    Minimal,
    /// Any encoding is accepted.
    Any,
}
