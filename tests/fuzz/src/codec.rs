//! The codec of each draft decodes the same however bytes arrive, and decodes what it encodes.

use ws_core::conformance::read;
use ws_core::{Codec, Frame, Limits, Role};

use crate::drafts::{Spoken, role};
use crate::slices::Slices;

/// The longest frame: short, so that it is exceeded.
const FRAME_LIMIT: u64 = 500;

/// Decodes the input whole and in slices, then encodes the outcome and decodes it again.
pub fn run(data: &[u8]) {
    let Some((pick, data)) = data.split_first() else { return };
    let (spoken, role) = (Spoken::pick(*pick), role(*pick));
    let slices = Slices::read(data);
    let mut limits = Limits::default();
    limits.frame = FRAME_LIMIT;
    let codec = |role| spoken.draft.codec(role, &limits);
    let whole = read(codec(role), [slices.bytes]);
    let cut = read(codec(role), slices.pieces());
    assert_eq!(whole, cut);

    let other = match role {
        Role::Server => Role::Client,
        Role::Client => Role::Server,
    };
    let (mut sender, mut wire) = (codec(other), Vec::new());
    let mut said = whole.said;
    said.retain(|said| {
        // Joined from fragments, or longer as text than it was as bytes.
        said.payload.len() as u64 <= FRAME_LIMIT
            && sender.encode(Frame::whole(said.opcode, &said.payload), &mut wire).is_ok()
    });
    let again = read(codec(role), [&wire[..]]);
    assert_eq!((again.said, again.error), (said, None));
}
