//! RFC 6455: version 13, which all browsers since 2012 support.
//!
//! The handshake and the framing are those of [`ws_core::hybi`], whose base is the RFC: this crate
//! only gives them a name and a version. Linking it registers the draft: `use ws_rfc6455 as _;`.

use ws_core::DraftId;
use ws_core::hybi::{Hybi, Profile};

/// The draft, for programs that list their drafts explicitly.
pub static RFC6455: Hybi = Hybi::new(&PROFILE);

ws_core::register!(RFC6455, rank = 10);

static PROFILE: Profile = Profile::new(DraftId::new("rfc6455"), 13);
