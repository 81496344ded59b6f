//! The signal that the server shuts down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// A signal that is triggered once and received by every connection. Cheap to clone and to check;
/// clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Set before `notify` is notified, and never reset.
    triggered: AtomicBool,
    notify: Arc<Notify>,
}

impl Shutdown {
    /// Tells every connection to close.
    pub(crate) fn trigger(&self) {
        self.inner.triggered.store(true, Ordering::Release);
        self.inner.notify.notify_waiters();
    }

    /// Whether the signal was triggered.
    #[inline]
    pub(crate) fn is_triggered(&self) -> bool {
        self.inner.triggered.load(Ordering::Acquire)
    }

    /// Completes when the signal is triggered, or at once if it was.
    #[cfg(feature = "tower")]
    pub(crate) async fn triggered(&self) {
        let mut notified = std::pin::pin!(self.inner.notify.notified());
        notified.as_mut().enable();
        if !self.is_triggered() {
            notified.await;
        }
    }

    /// Completes when the signal is triggered after this call; check
    /// [`is_triggered`](Shutdown::is_triggered) after the first poll.
    pub(crate) fn subscribe(&self) -> OwnedNotified {
        self.inner.notify.clone().notified_owned()
    }
}
