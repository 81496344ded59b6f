//! What wakes a connection besides its socket: its next deadline, and the server's shutdown.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::futures::OwnedNotified;
use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::bell::Bell;
use crate::runtime::shutdown::Shutdown;

/// One timer and one wait for the shutdown, reused for the life of the connection, and on a port of
/// our own for its opening handshake.
///
/// In memory, what each message needs comes last.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Alarm {
    /// Until it is told.
    shutdown: Option<Shutdown>,
    notified: Option<Pin<Box<OwnedNotified>>>,
    sleep: Option<Pin<Box<Sleep>>>,
    bell: Bell,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ring {
    /// The deadline has passed.
    Deadline,
    /// The server shuts down. It is said once.
    Shutdown,
}

impl Alarm {
    pub(crate) fn new(shutdown: Shutdown) -> Alarm {
        Alarm { shutdown: Some(shutdown), notified: None, sleep: None, bell: Bell::new() }
    }

    /// Whether the same task has polled it, and nothing has rung since.
    #[inline]
    pub(crate) fn is_quiet(&self, task: &Waker) -> bool {
        self.bell.is_quiet(task)
    }

    /// What `step` gives, unless the server shuts down before, or `deadline` passes: then what
    /// `cut` makes of it.
    pub(crate) fn limit<T, F, E: From<F>>(
        &mut self,
        deadline: Instant,
        mut step: Pin<&mut impl Future<Output = Result<T, F>>>,
        cut: impl Fn(Ring) -> E,
    ) -> impl Future<Output = Result<T, E>> {
        poll_fn(move |cx| match step.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(outcome.map_err(E::from)),
            Poll::Pending => self.poll(cx, Some(deadline)).map(|ring| Err(cut(ring))),
        })
    }

    /// As it is, for another deadline: the next poll looks at it whether it has rung or not.
    pub(crate) fn for_another_deadline(mut self) -> Alarm {
        self.bell.leave();
        self
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        let rung = self.bell.rung();
        if !self.bell.is_heard_by(cx.waker()) || !self.waits_for(deadline) {
            self.bell.leave();
            let bell = self.bell.waker(cx.waker());
            let ring = self.poll_again(&mut Context::from_waker(&bell), deadline);
            if ring.is_ready() || !self.waits_for(deadline) {
                return ring;
            }
        }
        self.bell.listen(rung, cx.waker());
        Poll::Pending
    }

    /// Whether both wait, as far as there is anything to wait for, and the timer for this.
    fn waits_for(&self, deadline: Option<Instant>) -> bool {
        let sleeping = match (&self.sleep, deadline) {
            (Some(sleep), Some(at)) => sleep.deadline().into_std() == at && !sleep.is_elapsed(),
            (sleep, at) => sleep.is_none() && at.is_none(),
        };
        let stopping = self.shutdown.as_ref().is_some_and(Shutdown::is_triggered);
        sleeping && !stopping
    }

    fn poll_again(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        if self.poll_shutdown_signal(cx).is_ready() {
            (self.shutdown, self.notified) = (None, None);
            return Poll::Ready(Ring::Shutdown);
        }
        match deadline {
            Some(at) => self.poll_sleep(cx, at).map(|()| Ring::Deadline),
            None => {
                self.sleep = None;
                Poll::Pending
            }
        }
    }

    /// Polls the timer outside the task's budget: with none left, it would be pending without
    /// having registered anybody. Outside of a runtime there is no timer to be had: that is left to
    /// whoever polls within one.
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

    fn poll_shutdown_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(shutdown) = &self.shutdown else {
            return Poll::Pending;
        };
        let notified = self.notified.get_or_insert_with(|| Box::pin(shutdown.subscribe()));
        match notified.as_mut().poll(cx) {
            // The shutdown may have begun before the first poll asked to be told.
            Poll::Pending if !shutdown.is_triggered() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}
