//! What the handles of a connection leave to its driver.

use crate::sync::{AtomicU8, Ordering};

/// What the handles that a driver's task has polled have done in its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Turn {
    /// None waits to receive.
    Other,
    /// One waits to receive, so the socket wakes the task; and something else was done.
    Waits,
    /// One waits to receive, and has left nothing to do: deadlines wake the task too.
    Settled,
}

/// What has been noted of a turn. Only the driver's task writes it, and takes it when it looks.
#[derive(Debug)]
pub(super) struct NotedTurn(AtomicU8);

impl Default for NotedTurn {
    fn default() -> NotedTurn {
        NotedTurn(AtomicU8::new(Turn::Other as u8))
    }
}

impl NotedTurn {
    #[inline]
    pub(super) fn note(&self, turn: Turn) {
        self.0.store(turn as u8, Ordering::Relaxed);
    }

    /// Something else was done than to wait to receive.
    #[inline]
    pub(super) fn note_more(&self) {
        if self.0.load(Ordering::Relaxed) != Turn::Other as u8 {
            self.note(Turn::Waits);
        }
    }

    /// What the handles have done that the driver has just polled.
    #[inline]
    pub(super) fn take(&self) -> Turn {
        let turn = self.0.load(Ordering::Relaxed);
        if turn == Turn::Other as u8 {
            return Turn::Other;
        }
        self.note(Turn::Other);
        if turn == Turn::Settled as u8 { Turn::Settled } else { Turn::Waits }
    }
}
