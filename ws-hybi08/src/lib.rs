//! draft-ietf-hybi-thewebsocketprotocol-08 to -12: version 8, of Chrome 14 and 15 and
//! Firefox 7 to 10.
//!
//! The handshake and the framing are those of [`ws_core::hybi`]; this crate defines how these
//! drafts differ. Linking it registers the draft: `use ws_hybi08 as _;`.

use ws_core::hybi::{ExtensionValue, Hybi, KeyRule, LengthRule, OriginField, Profile};
use ws_core::{CloseCode, DraftId, StatusRules};

/// The draft, for programs that list their drafts explicitly.
pub static HYBI08: Hybi = Hybi::new(&PROFILE);

ws_core::register!(HYBI08, rank = 20);

static PROFILE: Profile = Profile::new(DraftId::new("hybi08"), 8)
    // `Sec-WebSocket-Origin` up to -10, `Origin` in -11 and -12.
    .with_origin(OriginField::SecWebSocketOrigin)
    .with_key(KeyRule::Printable)
    .with_length(LengthRule::Any)
    .with_extension_value(ExtensionValue::Token)
    .with_status(STATUS);

const STATUS: StatusRules = StatusRules::new()
    .with_sent_as(|code| match code.number() {
        1008 | 1010 => CloseCode::PROTOCOL_ERROR,
        1009 => CloseCode::FRAME_TOO_LARGE,
        1011..=1014 => CloseCode::GOING_AWAY,
        _ => code,
    })
    .with_accepts(|number| matches!(number, 1000..=4999) && !matches!(number, 1005 | 1006 | 1015))
    .with_invalid_reason(CloseCode::PROTOCOL_ERROR);
