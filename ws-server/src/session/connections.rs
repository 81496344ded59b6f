//! The tasks of the connections of a port or site: counted, closed, awaited, aborted.

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
    /// Notified when the last task has ended.
    all_ended: Notify,
    /// Triggered when the connections are to close.
    closing: Shutdown,
    /// How many tasks there may be; `None` for any number.
    #[cfg(feature = "tower")]
    limit: Option<usize>,
}

/// The tasks that have not ended.
#[derive(Debug, Default)]
struct Tasks {
    /// By number: one for each [`Place`]. A tree, since it frees memory when connections end; a
    /// hash table would not.
    running: BTreeMap<u64, Running>,
    /// How many of `running` have a connection that has not ended: always as many as have a permit.
    open: usize,
    /// The number of the next task; none is used twice.
    next: u64,
    /// Whether the tasks were aborted, so that those still to come are too. Never reset.
    cut: bool,
}

/// What is stored of a task outside of it.
#[derive(Debug)]
struct Running {
    /// Aborts the task: at first the one that opens the connection, then the one that serves it.
    /// `None` until it was spawned.
    handle: Option<AbortHandle>,
    /// `Some` until the connection has ended, however long its service runs on.
    permit: Option<OwnedSemaphorePermit>,
}

impl Connections {
    /// No connections.
    pub fn new() -> Connections {
        Connections::default()
    }

    /// At most `limit` connections.
    #[cfg(feature = "http2")]
    pub(crate) fn limited(limit: usize) -> Connections {
        Connections { inner: Arc::new(Inner { limit: Some(limit), ..Inner::default() }) }
    }

    /// Whether the limit is reached. Services that still run after the end of their connection
    /// count.
    #[cfg(feature = "tower")]
    pub(crate) fn is_full(&self) -> bool {
        self.inner.limit.is_some_and(|limit| lock(&self.inner.tasks).running.len() >= limit)
    }

    /// How many connections are open, including those whose opening or closing handshake is under
    /// way. A service that still runs after the end of its connection does not count.
    pub fn count(&self) -> usize {
        lock(&self.inner.tasks).open
    }

    /// Whether there is no connection, not even one that is decided on, and no service that runs on
    /// after its connection.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.inner.tasks).running.is_empty()
    }

    /// Closes every connection with status 1001 (RFC 6455 §7.4.1), and accepts no more: further
    /// requests are answered with 503. Does not wait.
    pub fn close(&self) {
        self.inner.closing.trigger();
    }

    /// [Closes](Connections::close) every connection, waits up to `drain` until all of them and
    /// their services have ended, and then aborts the tasks of the rest.
    ///
    /// # Cancel safety
    /// Cancel-safe: dropping the future aborts nothing, and another call waits again.
    pub async fn shutdown(&self, drain: Duration) {
        // Counted first: some have already ended when all are notified.
        info!(connections = self.count(), "closing");
        self.close();
        let drain = drain.min(LONGEST_TIMEOUT);
        if timeout(drain, self.all_ended()).await.is_err() {
            let connections = lock(&self.inner.tasks).running.len();
            warn!(connections, ?drain, "aborting connections that did not close in time");
            self.cut();
            self.all_ended().await;
        }
    }

    /// Aborts every task, and every task that is spawned later.
    fn cut(&self) {
        self.close();
        let mut tasks = lock(&self.inner.tasks);
        tasks.cut = true;
        let handles: Vec<_> =
            tasks.running.values().filter_map(|running| running.handle.clone()).collect();
        drop(tasks);
        handles.iter().for_each(AbortHandle::abort);
    }

    /// Completes when there is no task.
    pub(crate) async fn all_ended(&self) {
        loop {
            let mut told = pin!(self.inner.all_ended.notified());
            told.as_mut().enable();
            if self.is_empty() {
                return;
            }
            told.await;
        }
    }

    /// The signal on which its connections close.
    pub(crate) fn signal(&self) -> &Shutdown {
        &self.inner.closing
    }

    /// Registers a connection that is about to be opened, in a task or before one. `permit` is
    /// released when the connection has ended.
    pub(crate) fn place(&self, permit: OwnedSemaphorePermit) -> Place {
        let mut tasks = lock(&self.inner.tasks);
        let number = tasks.next;
        tasks.next += 1;
        tasks.open += 1;
        tasks.running.insert(number, Running { handle: None, permit: Some(permit) });
        Place { inner: self.inner.clone(), number }
    }
}

impl Inner {
    /// Stores how the task that opens a connection can be aborted, unless it has already handed the
    /// connection over: it may run before its handle is known.
    pub(super) fn note_opening(&self, number: u64, handle: AbortHandle) {
        self.note(number, handle, |noted, handle| {
            noted.get_or_insert(handle);
        });
    }

    /// Stores how the task that serves a connection can be aborted.
    pub(super) fn note_service(&self, number: u64, handle: AbortHandle) {
        self.note(number, handle, |noted, handle| *noted = Some(handle));
    }

    /// Stores how a task can be aborted, unless it has already ended.
    fn note(
        &self,
        number: u64,
        handle: AbortHandle,
        store: impl FnOnce(&mut Option<AbortHandle>, AbortHandle),
    ) {
        let mut tasks = lock(&self.tasks);
        if tasks.cut {
            drop(tasks);
            handle.abort();
        } else if let Some(running) = tasks.running.get_mut(&number) {
            store(&mut running.handle, handle);
        }
    }
}

fn spawn_task(connection: impl Future<Output = ()> + Send + 'static, span: Span) -> AbortHandle {
    let task = Task { connection };
    // A disabled span would still cost memory, and an access at each wake-up.
    match span.is_disabled() {
        true => tokio::spawn(task).abort_handle(),
        false => tokio::spawn(task.instrument(span)).abort_handle(),
    }
}

/// Aborts its connections when it is dropped, so that they do not outlive their server or HTTP/2
/// connection.
pub(crate) struct CutOnDrop(pub(crate) Connections);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.cut();
    }
}

pin_project! {
    /// The future of a connection; a panic in it only ends this connection, and is logged.
    ///
    /// A type of its own: an `async` block would store the connection twice.
    pub(super) struct Task<C> {
        #[pin]
        connection: C,
    }
}

impl<C: Future<Output = ()>> Future for Task<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let connection = self.project().connection;
        // Unwind safety: after a panic the future is only dropped.
        catch_unwind(AssertUnwindSafe(|| connection.poll(cx))).unwrap_or_else(|panic| {
            report_panic(&*panic);
            Poll::Ready(())
        })
    }
}

/// Logs that a service has panicked.
pub(super) fn report_panic(panic: &(dyn Any + Send)) {
    error!(error = words(panic), "a service panicked, its connection is closed");
}

/// The message of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(words), _) => words,
        (_, Some(words)) => words,
        _ => "a panic without a message",
    }
}

/// The registration of a task among [`Connections`]; dropping it is the end of the task.
#[derive(Debug)]
pub(crate) struct Place {
    inner: Arc<Inner>,
    /// The key of its entry in [`Tasks::running`], which is there as long as this is.
    number: u64,
}

impl Place {
    /// Spawns the task that opens the connection.
    pub(super) fn spawn<C>(self, connection: impl FnOnce(Place) -> C, span: Span)
    where
        C: Future<Output = ()> + Send + 'static,
    {
        let (inner, number) = (self.inner.clone(), self.number);
        let handle = spawn_task(connection(self), span);
        inner.note_opening(number, handle);
    }

    /// Spawns a task that takes over from the one that has opened the connection.
    pub(super) fn hand_over<C>(self, connection: impl FnOnce(Place) -> C, span: Span)
    where
        C: Future<Output = ()> + Send + 'static,
    {
        let (inner, number) = (self.inner.clone(), self.number);
        let handle = spawn_task(connection(self), span);
        inner.note_service(number, handle);
    }

    /// Releases the permit for another connection: this one has ended, but its task runs on.
    pub(super) fn leave(&self) {
        let permit = lock(&self.inner.tasks).leave(self.number);
        // Not under the lock: dropping the permit may wake tasks.
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
    /// Marks the connection of a task as ended, and returns its permit to be dropped. `None` if it
    /// had already ended.
    fn leave(&mut self, number: u64) -> Option<OwnedSemaphorePermit> {
        let permit = self.running.get_mut(&number)?.permit.take()?;
        self.open -= 1;
        Some(permit)
    }
}

#[cfg(test)]
mod tests;
