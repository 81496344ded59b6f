//! RFC 6455: version 13, which all browsers since 2012 support.
//!
//! The handshake and the framing are those of [`ws_core::hybi`]; this crate defines how the
//! RFC differs. Linking it registers the draft: `use ws_rfc6455 as _;`.

use ws_core::hybi::{
    ExtensionValue, Hybi, KeyRule, LengthRule, OriginField, Profile, ReservedOpcode,
};
use ws_core::{CloseCode, DraftId, StatusRules};

/// The draft, for programs that list their drafts explicitly.
pub static RFC6455: Hybi = Hybi::new(&PROFILE);

ws_core::register!(RFC6455, rank = 10);

static PROFILE: Profile = Profile {
    id: DraftId::new("rfc6455"),
    version: 13,
    origin: OriginField::Origin,
    key: KeyRule::Base64Of16Bytes,
    reserved_opcode: ReservedOpcode::Fail,
    length: LengthRule::Minimal,
    extension_value: ExtensionValue::TokenOrQuoted,
    status: StatusRules {
        sent_as: |code| match code {
            CloseCode::FRAME_TOO_LARGE => CloseCode::TOO_BIG,
            _ => code,
        },
        // RFC 6455 §7.4.1 and its registry: 1004 is reserved, 1005, 1006 and 1015 are never
        // sent.
        accepts: |number| CloseCode::new(number).is_some(),
        invalid_reason: CloseCode::INVALID_PAYLOAD,
    },
};
