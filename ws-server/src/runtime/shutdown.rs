//! The signal that the server shuts down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Given once, received by every connection. Cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    begun: AtomicBool,
    notify: Arc<Notify>,
}

impl Shutdown {
    /// Tells every connection to close.
    pub(crate) fn begin(&self) {
        self.shared.begun.store(true, Ordering::Release);
        self.shared.notify.notify_waiters();
    }

    /// Whether the server shuts down.
    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        self.shared.begun.load(Ordering::Acquire)
    }

    /// Completes when the server shuts down.
    #[cfg(feature = "http2")]
    pub(crate) async fn told(&self) {
        let mut notified = std::pin::pin!(self.shared.notify.notified());
        notified.as_mut().enable();
        if !self.has_begun() {
            notified.await;
        }
    }

    /// Completes when the server begins to shut down after this call; check
    /// [`has_begun`](Shutdown::has_begun) after the first poll.
    pub(crate) fn notified(&self) -> OwnedNotified {
        self.shared.notify.clone().notified_owned()
    }
}
