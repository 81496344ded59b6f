//! The handshake and the framing that HyBi-07, HyBi-08 and RFC 6455 share.
//!
//! A draft of this family is a [`Hybi`] with a [`Profile`] of the differences.

mod accept;
pub(crate) mod codec;
pub(crate) mod encoder;
mod extended;
mod extension;
mod handshake;
mod profile;

use std::sync::Arc;

use async_trait::async_trait;

pub use accept::accept_value;
pub use codec::HybiCodec;
pub use encoder::Encoder;
use extended::ExtendedCodec;
pub use profile::{ExtensionValue, KeyRule, LengthRule, OriginField, Profile, ReservedOpcode};

use crate::codec_box::CodecBox;
use crate::draft::{Draft, Grant, Offer};
use crate::draft_id::DraftId;
use crate::extension::{ExtensionOffer, Traffic, Transform};
use crate::head::{RequestHead, ResponseHead};
use crate::limits::Limits;
use crate::rejection::Rejection;
use crate::role::Role;

/// The elements of `value`, a field line of `Sec-WebSocket-Extensions`, in their order; `None` when
/// it is malformed (RFC 6455 §9.1).
pub fn extensions(value: &[u8]) -> Option<Vec<ExtensionOffer<'_>>> {
    extension::is_well_formed(value, ExtensionValue::TokenOrQuoted)
        .then(|| extension::elements(value))
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

    fn codec(&self, role: Role, limits: &Limits) -> CodecBox {
        HybiCodec::new(self.profile, role, limits.frame).into()
    }

    fn extended_codec(
        &self,
        role: Role,
        limits: &Limits,
        transform: Box<dyn Transform>,
        traffic: Arc<Traffic>,
    ) -> CodecBox {
        let frames = HybiCodec::new(self.profile, role, limits.frame);
        CodecBox::new(ExtendedCodec::new(frames, transform, traffic))
    }
}

/// A conforming draft of the family, for tests.
#[cfg(test)]
pub(crate) static SOUND: Hybi = Hybi::new(&Profile::new(DraftId::new("sound"), 13));
