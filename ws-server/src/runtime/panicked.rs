//! The status with which a connection is closed, by how its service has ended.

use std::io;

use ws_core::{CloseCode, CloseReason};

/// Whether a handle was dropped while its thread was panicking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panicked {
    /// No handle was.
    No,
    /// At least one was.
    Yes,
}

impl Panicked {
    /// The reason of the Close when all handles are dropped, and the service has ended with
    /// `outcome`; `None` while it runs. Status 1011 after an error or panic, otherwise 1000.
    pub(crate) fn closing_reason(self, outcome: Option<&io::Result<()>>) -> CloseReason {
        let code = match (outcome, self) {
            (Some(Err(_)), _) | (_, Panicked::Yes) => CloseCode::INTERNAL_ERROR,
            (Some(Ok(())) | None, Panicked::No) => CloseCode::NORMAL,
        };
        CloseReason::new(code, "")
    }
}
