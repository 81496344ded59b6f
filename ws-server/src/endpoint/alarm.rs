//! What wakes a connection besides its socket: its next deadline, and the server's stop.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use tokio::sync::futures::OwnedNotified;
use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::stop::Stop;

/// How often a timer or the stop has woken a connection, of all there are. While the count stands
/// still, nobody has to look at his own: a timer's memory has left the caches by the time a
/// connection has something to do.
static RUNG: AtomicUsize = AtomicUsize::new(0);

/// Counts, and wakes the task.
struct Bell(Waker);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Before: a task that is woken finds that the count has moved.
        RUNG.fetch_add(1, Ordering::Release);
        self.0.wake_by_ref();
    }
}

/// One timer and one wait for the stop, reused for the life of the connection.
#[derive(Debug)]
pub(super) struct Alarm {
    registered: Option<Registered>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// What the timer is set to.
    armed: Option<Instant>,
    stop: Stop,
    stopping: Stopping,
}

/// The task that the timer and the stop wake, as long as both wait.
#[derive(Debug)]
struct Registered {
    task: Waker,
    /// The count before both were looked at.
    rung: usize,
}

#[derive(Debug)]
enum Stopping {
    Unasked,
    Awaited(Pin<Box<OwnedNotified>>),
    Told,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ring {
    /// The deadline has passed.
    Deadline,
    /// The server goes down. It is said once.
    Stop,
}

impl Alarm {
    pub(super) fn new(stop: Stop) -> Alarm {
        Alarm { registered: None, sleep: None, armed: None, stop, stopping: Stopping::Unasked }
    }

    /// Whether the same task has polled it, and nothing has rung since.
    #[inline]
    pub(super) fn is_quiet(&self, task: &Waker) -> bool {
        self.registered.as_ref().is_some_and(|registered| {
            registered.rung == RUNG.load(Ordering::Acquire) && registered.task.will_wake(task)
        })
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        let rung = RUNG.load(Ordering::Acquire);
        let stopping = self.stop.has_begun() && !matches!(self.stopping, Stopping::Told);
        let sleeping = self.armed == deadline
            && (deadline.is_none() || self.sleep.as_ref().is_some_and(|sleep| !sleep.is_elapsed()));
        if let Some(registered) = &mut self.registered
            && registered.task.will_wake(cx.waker())
            && sleeping
            && !stopping
        {
            // It was another's.
            registered.rung = rung;
            return Poll::Pending;
        }
        self.poll_anew(cx, deadline, rung)
    }

    fn poll_anew(
        &mut self,
        cx: &mut Context<'_>,
        deadline: Option<Instant>,
        rung: usize,
    ) -> Poll<Ring> {
        self.registered = None;
        let bell = Waker::from(Arc::new(Bell(cx.waker().clone())));
        let mut bell = Context::from_waker(&bell);
        if self.poll_stop(&mut bell).is_ready() {
            self.stopping = Stopping::Told;
            return Poll::Ready(Ring::Stop);
        }
        self.armed = deadline;
        if let Some(at) = deadline
            && self.poll_sleep(&mut bell, at).is_ready()
        {
            return Poll::Ready(Ring::Deadline);
        }
        self.registered = Some(Registered { task: cx.waker().clone(), rung });
        Poll::Pending
    }

    /// Polls the timer outside the task's budget: with none left, it would be pending without
    /// having registered anybody.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let at = tokio::time::Instant::from_std(at);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        pin!(unconstrained(sleep.as_mut())).poll(cx)
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.stopping, Stopping::Unasked) {
            self.stopping = Stopping::Awaited(Box::pin(self.stop.notified()));
        }
        let Stopping::Awaited(notified) = &mut self.stopping else {
            return Poll::Pending;
        };
        match notified.as_mut().poll(cx) {
            // The stop may have begun before the first poll asked to be told.
            Poll::Pending if !self.stop.has_begun() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}
