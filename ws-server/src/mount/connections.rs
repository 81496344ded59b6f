//! The tasks of mounted connections: counted, closed, awaited, cut.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::future::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span, info, warn};
use ws_core::LONGEST_TIMEOUT;

use crate::stop::Stop;

/// The open WebSocket connections of a site; cheap to clone.
///
/// A site's own graceful shutdown knows nothing of connections that were upgraded, and over HTTP/2
/// it waits for them without closing them. Call [`shutdown`](Connections::shutdown) beside it, and
/// wait for it behind:
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn f(app: axum::Router, listener: tokio::net::TcpListener, upgrade: ws_server::UpgradeService, signal: tokio::sync::oneshot::Receiver<()>) -> std::io::Result<()> {
/// let connections = upgrade.connections();
/// let closing = connections.clone();
/// axum::serve(listener, app)
///     .with_graceful_shutdown(async move {
///         signal.await.ok();
///         tokio::spawn(async move { closing.shutdown(Duration::from_secs(10)).await });
///     })
///     .await?;
/// connections.shutdown(Duration::from_secs(10)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Connections {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    tasks: TaskTracker,
    closing: Stop,
    cutting: CancellationToken,
    /// How many there may be.
    limit: Option<usize>,
}

impl Connections {
    /// No connections.
    pub fn new() -> Connections {
        Connections::default()
    }

    /// As many as this at most.
    #[cfg(feature = "http2")]
    pub(crate) fn limited(limit: usize) -> Connections {
        Connections { shared: Arc::new(Shared { limit: Some(limit), ..Shared::default() }) }
    }

    /// Whether another one would be too many.
    pub(super) fn is_full(&self) -> bool {
        self.shared.limit.is_some_and(|limit| self.count() >= limit)
    }

    /// How many are open, those included whose opening or closing handshake is under way.
    pub fn count(&self) -> usize {
        self.shared.tasks.len()
    }

    /// Closes every connection with status 1001, and accepts no more: further requests are
    /// answered with 503.
    pub fn close(&self) {
        self.shared.closing.begin();
        self.shared.tasks.close();
    }

    /// [Closes](Connections::close) every connection, waits until all have ended, and cuts
    /// those that have not within `drain`.
    ///
    /// # Cancel safety
    /// Dropping the future cuts nothing; call it again.
    pub async fn shutdown(&self, drain: Duration) {
        self.close();
        info!(connections = self.count(), "closing");
        let drain = drain.min(LONGEST_TIMEOUT);
        if timeout(drain, self.shared.tasks.wait()).await.is_err() {
            warn!(connections = self.count(), ?drain, "cutting connections that did not close");
            self.cut();
            self.shared.tasks.wait().await;
        }
    }

    /// Drops what is left.
    pub(crate) fn cut(&self) {
        self.close();
        self.shared.cutting.cancel();
    }

    pub(crate) fn stop(&self) -> &Stop {
        &self.shared.closing
    }

    pub(super) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static, span: Span) {
        // Not an `async` block, which would have room for the connection twice.
        let task = connection.with_cancellation_token_owned(self.shared.cutting.clone());
        // A span that nobody sees would be memory that each wake-up looks into.
        match span.is_disabled() {
            true => self.shared.tasks.spawn(task),
            false => self.shared.tasks.spawn(task.instrument(span)),
        };
    }
}
