//! The word that the server goes down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Told once, heard by every connection. Cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    begun: AtomicBool,
    notify: Arc<Notify>,
}

impl Stop {
    /// Tells every connection to close.
    pub(crate) fn begin(&self) {
        self.shared.begun.store(true, Ordering::Release);
        self.shared.notify.notify_waiters();
    }

    /// Whether the server goes down.
    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        self.shared.begun.load(Ordering::Acquire)
    }

    /// Completes when the server goes down.
    #[cfg(feature = "http2")]
    pub(crate) async fn told(&self) {
        let mut notified = std::pin::pin!(self.shared.notify.notified());
        notified.as_mut().enable();
        if !self.has_begun() {
            notified.await;
        }
    }

    /// Completes when the server goes down after this call; check
    /// [`has_begun`](Stop::has_begun) after the first poll.
    pub(crate) fn notified(&self) -> OwnedNotified {
        self.shared.notify.clone().notified_owned()
    }
}
