//! draft-ietf-hybi-thewebsocketprotocol-07: version 7, of Firefox 6.
//!
//! The handshake and the framing are those of [`ws_core::hybi`]; this crate defines how this
//! draft differs. Linking it registers the draft: `use ws_hybi07 as _;`.

use ws_core::hybi::{
    ExtensionValue, Hybi, KeyRule, LengthRule, OriginField, Profile, ReservedOpcode,
};
use ws_core::{CloseCode, DraftId, StatusRules};

/// The draft, for programs that list their drafts explicitly.
pub static HYBI07: Hybi = Hybi::new(&PROFILE);

ws_core::register!(HYBI07, rank = 30);

static PROFILE: Profile = Profile::new(DraftId::new("hybi07"), 7)
    .with_origin(OriginField::SecWebSocketOrigin)
    .with_key(KeyRule::Printable)
    .with_reserved_opcode(ReservedOpcode::Ignore)
    .with_length(LengthRule::Any)
    .with_extension_value(ExtensionValue::Token)
    .with_status(STATUS);

const STATUS: StatusRules = StatusRules::new()
    // 1007 was added in -10, the codes after it later; 1004 meant "frame too large".
    .with_sent_as(|code| match code.number() {
        1007 | 1008 | 1010 => CloseCode::PROTOCOL_ERROR,
        1009 => CloseCode::FRAME_TOO_LARGE,
        1011..=1014 => CloseCode::GOING_AWAY,
        _ => code,
    })
    .with_accepts(|number| matches!(number, 1000..=4999) && !matches!(number, 1005 | 1006 | 1015))
    .with_invalid_reason(CloseCode::PROTOCOL_ERROR);
