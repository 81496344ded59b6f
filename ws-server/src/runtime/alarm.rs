//! What wakes a connection besides its socket: its next deadline, and the server's shutdown.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::sync::futures::OwnedNotified;
use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::clock::now;
use super::shutdown::Shutdown;

/// One timer and one wait for the shutdown, reused for the life of the connection, and on a port of
/// our own for its opening handshake.
#[derive(Debug)]
pub(crate) struct Alarm {
    /// `None` once it was reported.
    shutdown: Option<Shutdown>,
    /// `Some` since the first poll.
    waits: Option<Pin<Box<Waits>>>,
    armed: Option<Armed>,
}

pin_project! {
    /// What an alarm waits for, in one allocation.
    #[derive(Debug)]
    struct Waits {
        #[pin]
        shutdown: OwnedNotified,
        // `Some` while there is a deadline.
        #[pin]
        sleep: Option<Sleep>,
    }
}

/// What the last poll that was pending has left.
#[derive(Debug)]
struct Armed {
    /// The task that the timer and the shutdown wake.
    task: Waker,
    /// The deadline that the timer is set to.
    deadline: Option<Instant>,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlarmEvent {
    /// The deadline has passed.
    Deadline,
    /// The server shuts down. It is reported once.
    Shutdown,
}

impl Alarm {
    pub(crate) fn new(shutdown: Shutdown) -> Alarm {
        Alarm { shutdown: Some(shutdown), waits: None, armed: None }
    }

    /// Whether this task is woken for the deadline of the last poll, and there is nothing to
    /// report yet.
    ///
    /// It reads the clock and one flag of the server instead of the timer and the wait list of the
    /// shutdown, whose memory is not in the cache when a message arrives.
    #[inline]
    pub(crate) fn is_quiet(&self, task: &Waker) -> bool {
        let Some(armed) = &self.armed else {
            return false;
        };
        armed.task.will_wake(task)
            && !self.shutdown.as_ref().is_some_and(Shutdown::is_triggered)
            && armed.deadline.is_none_or(|deadline| now() < deadline)
    }

    /// The output of `step`, or the error that `cut` returns when the server shuts down or
    /// `deadline` passes before.
    pub(crate) fn limit<T, F, E: From<F>>(
        &mut self,
        deadline: Instant,
        mut step: Pin<&mut impl Future<Output = Result<T, F>>>,
        cut: impl Fn(AlarmEvent) -> E,
    ) -> impl Future<Output = Result<T, E>> {
        poll_fn(move |cx| match step.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(outcome.map_err(E::from)),
            Poll::Pending => self.poll(cx, Some(deadline)).map(|ring| Err(cut(ring))),
        })
    }

    /// The same alarm, for another deadline than that of the last poll.
    pub(crate) fn for_another_deadline(self) -> Alarm {
        Alarm { armed: None, ..self }
    }

    /// Waits for the deadline, if there is one, and for the shutdown.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        deadline: Option<Instant>,
    ) -> Poll<AlarmEvent> {
        self.armed = None;
        if let Some(shutdown) = &self.shutdown {
            let waits = self.waits.get_or_insert_with(|| Waits::new(shutdown));
            let notified = waits.as_mut().project().shutdown.poll(cx);
            // The shutdown may have begun before the first poll subscribed.
            if notified.is_ready() || shutdown.is_triggered() {
                self.shutdown = None;
                return Poll::Ready(AlarmEvent::Shutdown);
            }
        }
        if let Some(waits) = &mut self.waits
            && waits.as_mut().poll_sleep(cx, deadline).is_ready()
        {
            return Poll::Ready(AlarmEvent::Deadline);
        }
        self.armed = Some(Armed { task: cx.waker().clone(), deadline });
        Poll::Pending
    }
}

impl Waits {
    fn new(shutdown: &Shutdown) -> Pin<Box<Waits>> {
        Box::pin(Waits { shutdown: shutdown.subscribe(), sleep: None })
    }

    /// Polls the timer outside the task's budget: with none left, it would be pending without
    /// having registered the task. Outside of a runtime there is no timer to be had: that is left
    /// to a poll within one.
    fn poll_sleep(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        deadline: Option<Instant>,
    ) -> Poll<()> {
        let mut sleep = self.project().sleep;
        let Some(at) = deadline.map(tokio::time::Instant::from_std) else {
            sleep.set(None);
            return Poll::Pending;
        };
        if sleep.is_none() {
            if Handle::try_current().is_err() {
                return Poll::Pending;
            }
            sleep.set(Some(sleep_until(at)));
        }
        let Some(mut sleep) = sleep.as_pin_mut() else {
            return Poll::Pending;
        };
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        pin!(unconstrained(sleep)).poll(cx)
    }
}
