//! The signal that the server shuts down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Given once, received by every connection. Cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    triggered: AtomicBool,
    notify: Arc<Notify>,
}

impl Shutdown {
    /// Tells every connection to close.
    pub(crate) fn trigger(&self) {
        self.inner.triggered.store(true, Ordering::Release);
        self.inner.notify.notify_waiters();
    }

    /// Whether the server shuts down.
    #[inline]
    pub(crate) fn is_triggered(&self) -> bool {
        self.inner.triggered.load(Ordering::Acquire)
    }

    /// Completes when the server shuts down.
    #[cfg(feature = "http2")]
    pub(crate) async fn triggered(&self) {
        let mut notified = std::pin::pin!(self.inner.notify.notified());
        notified.as_mut().enable();
        if !self.is_triggered() {
            notified.await;
        }
    }

    /// Completes when the server begins to shut down after this call; check
    /// [`is_triggered`](Shutdown::is_triggered) after the first poll.
    pub(crate) fn subscribe(&self) -> OwnedNotified {
        self.inner.notify.clone().notified_owned()
    }
}
