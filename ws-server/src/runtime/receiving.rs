//! What the handles of a connection leave to its driver.

use crate::runtime::sync::{AtomicU8, Ordering};

/// Whether one of the handles that the driver has just polled waits to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Receiving {
    /// None does.
    No,
    /// One does, so the socket wakes the task; and something else was done.
    Waiting,
    /// One does, and has left nothing to do: deadlines wake the task too.
    Settled,
}

/// What has been noted. Only the driver's task writes it, and takes it when it looks.
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

    /// Something else was done than to wait to receive.
    #[inline]
    pub(super) fn note_more(&self) {
        if self.0.load(Ordering::Relaxed) != Receiving::No as u8 {
            self.note(Receiving::Waiting);
        }
    }

    /// What the handles have done that the driver has just polled.
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
