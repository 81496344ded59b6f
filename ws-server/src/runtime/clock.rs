//! The clock of the runtime.

use std::time::Instant;

/// The time of the runtime's clock, which tests can pause.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
