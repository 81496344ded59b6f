//! What wakes a connection besides its socket: its next deadline, and the server's shutdown.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

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
    /// Made with the first poll; `None` again when `shutdown` is.
    notified: Option<Pin<Box<OwnedNotified>>>,
    /// `Some` while there is a deadline.
    sleep: Option<Pin<Box<Sleep>>>,
    armed: Option<Armed>,
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
        Alarm { shutdown: Some(shutdown), notified: None, sleep: None, armed: None }
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

    /// The output of `step`, or the error that `cut` returns when the server shuts down or `deadline`
    /// passes before.
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
        if self.poll_shutdown(cx).is_ready() {
            (self.shutdown, self.notified) = (None, None);
            return Poll::Ready(AlarmEvent::Shutdown);
        }
        match deadline {
            Some(at) if self.poll_sleep(cx, at).is_ready() => {
                return Poll::Ready(AlarmEvent::Deadline);
            }
            Some(_) => {}
            None => self.sleep = None,
        }
        self.armed = Some(Armed { task: cx.waker().clone(), deadline });
        Poll::Pending
    }

    /// Polls the timer outside the task's budget: with none left, it would be pending without
    /// having registered the task. Outside of a runtime there is no timer to be had: that is left
    /// to a poll within one.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let at = tokio::time::Instant::from_std(at);
        if self.sleep.is_none() && Handle::try_current().is_err() {
            return Poll::Pending;
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        pin!(unconstrained(sleep.as_mut())).poll(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(shutdown) = &self.shutdown else {
            return Poll::Pending;
        };
        let notified = self.notified.get_or_insert_with(|| Box::pin(shutdown.subscribe()));
        match notified.as_mut().poll(cx) {
            // The shutdown may have begun before the first poll subscribed.
            Poll::Pending if !shutdown.is_triggered() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}
