//! The clock.

use std::time::Instant;

/// The time, as the runtime has it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
