//! Whether the handles of a connection wait to receive, as its driver needs to know.

use crate::runtime::sync::{AtomicU8, Ordering};

/// Whether one of the handles that the driver's task has just polled waits to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Receiving {
    /// None does: the driver reads ahead.
    No,
    /// One does, so the socket wakes the task. Something else was done since, which may have left
    /// work for the driver.
    Waiting,
    /// One does, and nothing was done since: the socket and the deadlines wake the task, and the
    /// driver has no work.
    Settled,
}

/// The [`Receiving`] since the driver has last taken it: always the value of a variant. Only
/// written and taken within the driver's task.
#[derive(Debug)]
pub(super) struct NotedReceiving(AtomicU8);

impl Default for NotedReceiving {
    fn default() -> NotedReceiving {
        NotedReceiving(AtomicU8::new(Receiving::No as u8))
    }
}

impl NotedReceiving {
    #[inline]
    pub(super) fn note(&self, receiving: Receiving) {
        self.0.store(receiving as u8, Ordering::Relaxed);
    }

    /// Notes that something was done other than waiting to receive.
    #[inline]
    pub(super) fn note_more(&self) {
        if self.0.load(Ordering::Relaxed) != Receiving::No as u8 {
            self.note(Receiving::Waiting);
        }
    }

    /// Takes what was noted, and resets it to [`Receiving::No`].
    #[inline]
    pub(super) fn take(&self) -> Receiving {
        let receiving = self.0.load(Ordering::Relaxed);
        if receiving == Receiving::No as u8 {
            return Receiving::No;
        }
        self.note(Receiving::No);
        if receiving == Receiving::Settled as u8 { Receiving::Settled } else { Receiving::Waiting }
    }
}
