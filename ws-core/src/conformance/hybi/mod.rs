//! What HyBi-07, HyBi-08 and RFC 6455 have in common on the wire, to the byte.
//!
//! [`check`] runs it all for one draft of the family. What differs between them is asked with
//! the other functions, and stated in the tests of each draft; [`check_early`] asks what 7 and 8
//! share with each other alone.

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
/// When the draft does not conform; the message says in what.
pub fn check(draft: &'static dyn Draft) {
    handshake::check(draft);
    frames::check(draft);
    closing::check(draft);
}
