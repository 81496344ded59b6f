//! Checks of what HyBi-07, HyBi-08 and RFC 6455 have in common on the wire.
//!
//! [`check`] runs all of them for one draft of the family, [`check_early`] those that only versions
//! 7 and 8 share. The other functions are for the tests of each draft, which check what differs.

mod closing;
mod early;
mod exchange;
mod frames;
mod handshake;

use crate::draft::Draft;

pub use closing::{Close, code_after, code_sent, heard_close};
pub use early::check_early;
pub use exchange::{KEY, hear, masked, request, respond};

/// Checks all that the drafts of the family share.
///
/// # Panics
/// When the draft does not conform; the message says why.
pub fn check(draft: &'static dyn Draft) {
    handshake::check(draft);
    frames::check(draft);
    closing::check(draft);
}
