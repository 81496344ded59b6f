//! The tasks of connections: counted, closed, awaited, cut. For a port and for a site.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::{Instrument, Span, error, info, warn};
use ws_core::LONGEST_TIMEOUT;

use crate::runtime::shutdown::Shutdown;
use crate::runtime::sync::{Mutex, lock};

/// The open WebSocket connections of a site; cheap to clone.
///
#[cfg_attr(feature = "tower", doc = include_str!("../docs/connections.md"))]
#[derive(Debug, Clone, Default)]
pub struct Connections {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    tasks: Mutex<Tasks>,
    /// Told when the last task has ended.
    all_ended: Notify,
    closing: Shutdown,
    /// How many there may be.
    #[cfg(feature = "tower")]
    limit: Option<usize>,
}

/// The tasks that have not ended, by number.
#[derive(Debug, Default)]
struct Tasks {
    /// A tree gives its memory back when connections end; a table would not.
    running: BTreeMap<u64, Running>,
    /// Those whose connection has not ended.
    open: usize,
    next: u64,
    /// Whether they are cut, and those too that still come.
    cut: bool,
}

/// What is kept of a task outside of it.
#[derive(Debug)]
struct Running {
    /// What cuts it; there as soon as it has been spawned.
    handle: Option<AbortHandle>,
    /// Until the connection has ended, however long its service goes on.
    permit: Option<OwnedSemaphorePermit>,
}

impl Connections {
    /// No connections.
    pub fn new() -> Connections {
        Connections::default()
    }

    /// As many as this at most.
    #[cfg(feature = "http2")]
    pub(crate) fn limited(limit: usize) -> Connections {
        Connections { inner: Arc::new(Inner { limit: Some(limit), ..Inner::default() }) }
    }

    /// Whether another one would be too many, beside those whose services go on.
    #[cfg(feature = "tower")]
    pub(crate) fn is_full(&self) -> bool {
        self.inner.limit.is_some_and(|limit| lock(&self.inner.tasks).running.len() >= limit)
    }

    /// How many are open, those included whose opening or closing handshake is under way. A service
    /// that goes on when its connection has ended does not count.
    pub fn count(&self) -> usize {
        lock(&self.inner.tasks).open
    }

    /// Whether no service goes on either.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.inner.tasks).running.is_empty()
    }

    /// Closes every connection with status 1001, and accepts no more: further requests are
    /// answered with 503.
    pub fn close(&self) {
        self.inner.closing.trigger();
    }

    /// [Closes](Connections::close) every connection, waits until all have ended and their services
    /// too, and cuts those that have not within `drain`.
    ///
    /// # Cancel safety
    /// Dropping the future cuts nothing; call it again.
    pub async fn shutdown(&self, drain: Duration) {
        // Counted first: some have ended by the time that all have been told.
        info!(connections = self.count(), "closing");
        self.close();
        let drain = drain.min(LONGEST_TIMEOUT);
        if timeout(drain, self.all_ended()).await.is_err() {
            let connections = lock(&self.inner.tasks).running.len();
            warn!(connections, ?drain, "cutting connections that did not close");
            self.cut();
            self.all_ended().await;
        }
    }

    /// Drops what is left.
    fn cut(&self) {
        self.close();
        let mut tasks = lock(&self.inner.tasks);
        tasks.cut = true;
        let handles: Vec<_> =
            tasks.running.values().filter_map(|running| running.handle.clone()).collect();
        drop(tasks);
        handles.iter().for_each(AbortHandle::abort);
    }

    /// Completes when there are none.
    async fn all_ended(&self) {
        loop {
            let mut told = pin!(self.inner.all_ended.notified());
            told.as_mut().enable();
            if self.is_empty() {
                return;
            }
            told.await;
        }
    }

    /// What tells its connections to close.
    pub(crate) fn signal(&self) -> &Shutdown {
        &self.inner.closing
    }

    /// Runs a connection in a task of its own, which has this permit.
    pub(super) fn spawn<C>(
        &self,
        connection: impl FnOnce(Place) -> C,
        permit: OwnedSemaphorePermit,
        span: Span,
    ) where
        C: Future<Output = ()> + Send + 'static,
    {
        let place = self.place(permit);
        let number = place.number;
        let task = Task { connection: connection(place) };
        // A span that nobody sees would be memory that each wake-up looks into.
        let handle = match span.is_disabled() {
            true => tokio::spawn(task),
            false => tokio::spawn(task.instrument(span)),
        };
        self.note(number, handle.abort_handle());
    }

    pub(super) fn place(&self, permit: OwnedSemaphorePermit) -> Place {
        let mut tasks = lock(&self.inner.tasks);
        let number = tasks.next;
        tasks.next += 1;
        tasks.open += 1;
        tasks.running.insert(number, Running { handle: None, permit: Some(permit) });
        Place { inner: self.inner.clone(), number }
    }

    /// How a task can be cut, if it has not ended by now.
    fn note(&self, number: u64, handle: AbortHandle) {
        let mut tasks = lock(&self.inner.tasks);
        if tasks.cut {
            drop(tasks);
            handle.abort();
        } else if let Some(running) = tasks.running.get_mut(&number) {
            running.handle = Some(handle);
        }
    }
}

/// Connections that do not outlive what they came by.
pub(crate) struct CutOnDrop(pub(crate) Connections);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.cut();
    }
}

pin_project! {
    /// A connection, whose panic is the end of it alone.
    ///
    /// A type of its own: an `async` block would have room for the connection twice.
    pub(super) struct Task<C> {
        #[pin]
        connection: C,
    }
}

impl<C: Future<Output = ()>> Future for Task<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let connection = self.project().connection;
        // What a panic leaves behind is dropped and not looked at.
        catch_unwind(AssertUnwindSafe(|| connection.poll(cx))).unwrap_or_else(|panic| {
            report_panic(&*panic);
            Poll::Ready(())
        })
    }
}

/// Says in the log that a service has panicked.
pub(super) fn report_panic(panic: &(dyn Any + Send)) {
    error!(error = words(panic), "a service panicked, its connection is closed");
}

/// What was said with a panic.
fn words(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(words), _) => words,
        (_, Some(words)) => words,
        _ => "a panic without words",
    }
}

/// One of the tasks that have not ended.
#[derive(Debug)]
pub(crate) struct Place {
    inner: Arc<Inner>,
    number: u64,
}

impl Place {
    /// Leaves the place to another connection, for this one has ended; its task goes on.
    pub(super) fn leave(&self) {
        let permit = lock(&self.inner.tasks).leave(self.number);
        // Not under the lock: others may get on by it.
        drop(permit);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut tasks = lock(&self.inner.tasks);
        let permit = tasks.leave(self.number);
        let ended = tasks.running.remove(&self.number);
        let was_last = tasks.running.is_empty();
        drop(tasks);
        drop((permit, ended));
        if was_last {
            self.inner.all_ended.notify_waiters();
        }
    }
}

impl Tasks {
    /// The connection of this task has ended, if it had not; its permit is to be dropped.
    fn leave(&mut self, number: u64) -> Option<OwnedSemaphorePermit> {
        let permit = self.running.get_mut(&number)?.permit.take()?;
        self.open -= 1;
        Some(permit)
    }
}
