//! How a connection ends when its service has panicked.

use std::io;

use ws_core::{CloseReason, StatusCode};

/// Whether a handle was dropped by a panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panicked {
    /// None was.
    No,
    /// One was.
    Yes,
}

impl Panicked {
    /// What the peer is told when the handles are gone, and the service has ended like this.
    pub(crate) fn closing_reason(self, outcome: Option<&io::Result<()>>) -> CloseReason {
        let code = match (outcome, self) {
            (Some(Err(_)), _) | (_, Panicked::Yes) => StatusCode::INTERNAL_ERROR,
            (Some(Ok(())) | None, Panicked::No) => StatusCode::NORMAL,
        };
        CloseReason::new(code, "")
    }
}
