//! HyBi-07, HyBi-08 and RFC 6455 share one handshake and one framing, written here once.
//!
//! A draft of this family is a [`Hybi`] with a [`Profile`] that states what differs.

mod accept;
mod codec;
mod extended;
mod extension;
mod handshake;

use std::sync::Arc;

use async_trait::async_trait;

pub use accept::accept_value;
pub use codec::HybiCodec;
use extended::ExtendedCodec;

use crate::close::StatusRules;
use crate::codec::Codec;
use crate::draft::{Draft, DraftId, Grant, Offer, Role};
use crate::extension::{ExtensionOffer, Traffic, Transform};
use crate::head::{RequestHead, ResponseHead};
use crate::limits::Limits;
use crate::rejection::Rejection;

/// The elements of `value`, one `Sec-WebSocket-Extensions`, in their order; `None` when it is
/// malformed.
pub fn extensions(value: &[u8]) -> Option<Vec<ExtensionOffer<'_>>> {
    extension::is_well_formed(value, ExtensionValue::TokenOrQuoted)
        .then(|| extension::elements(value))
}

/// What differs between the drafts of the family.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// The name of the draft.
    pub id: DraftId,
    /// Its `Sec-WebSocket-Version`.
    pub version: u8,
    /// Where a browser says where its page is from.
    pub origin: OriginField,
    /// What a `Sec-WebSocket-Key` may be.
    pub key: KeyRule,
    /// What becomes of a frame with a reserved opcode.
    pub reserved_opcode: ReservedOpcode,
    /// Whether a length must stand in the fewest bytes possible.
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

/// What a `Sec-WebSocket-Key` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRule {
    /// Base64 of 16 bytes (RFC 6455 §4.2.1).
    Base64Of16Bytes,
    /// Any printable text: real clients of the drafts send other lengths.
    Printable,
}

/// What becomes of a frame with a reserved opcode.
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

/// Whether a length must stand in the fewest bytes possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthRule {
    /// It must.
    Minimal,
    /// It need not.
    Any,
}

/// A draft of the HyBi family.
#[derive(Debug)]
pub struct Hybi {
    profile: &'static Profile,
}

impl Hybi {
    /// The draft that this profile describes.
    pub const fn new(profile: &'static Profile) -> Hybi {
        Hybi { profile }
    }
}

#[async_trait]
impl Draft for Hybi {
    fn id(&self) -> DraftId {
        self.profile.id
    }

    fn version(&self) -> Option<u8> {
        Some(self.profile.version)
    }

    fn offer<'h>(&self, head: &'h RequestHead) -> Result<Offer<'h>, Rejection> {
        handshake::offer(self.profile, head)
    }

    fn extensions<'h>(&self, head: &'h RequestHead) -> Vec<ExtensionOffer<'h>> {
        handshake::extensions(head)
    }

    fn respond(&self, head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection> {
        handshake::respond(head, grant)
    }

    fn codec(&self, role: Role, limits: &Limits) -> Box<dyn Codec> {
        Box::new(HybiCodec::new(self.profile, role, limits.frame))
    }

    fn extended_codec(
        &self,
        role: Role,
        limits: &Limits,
        transform: Box<dyn Transform>,
        traffic: Arc<Traffic>,
    ) -> Box<dyn Codec> {
        let frames = HybiCodec::new(self.profile, role, limits.frame);
        Box::new(ExtendedCodec::new(frames, transform, traffic))
    }
}
