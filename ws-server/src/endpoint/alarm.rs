//! What wakes a connection besides its socket: its next deadline, and the server's stop.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::futures::OwnedNotified;
use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::bell::Bell;
use crate::stop::Stop;

/// One timer and one wait for the stop, reused for the life of the connection.
///
/// In memory, what each message needs comes last.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Alarm {
    stop: Stop,
    stopping: Stopping,
    sleep: Option<Pin<Box<Sleep>>>,
    /// What the timer is set to.
    armed: Option<Instant>,
    bell: Bell,
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
        let stopping = Stopping::Unasked;
        Alarm { stop, stopping, sleep: None, armed: None, bell: Bell::new() }
    }

    /// Whether the same task has polled it, and nothing has rung since.
    #[inline]
    pub(super) fn is_quiet(&self, task: &Waker) -> bool {
        self.bell.is_quiet(task)
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        let rung = self.bell.rung();
        if !self.bell.is_heard_by(cx.waker()) || !self.waits_for(deadline) {
            self.bell.leave();
            let bell = self.bell.waker(cx.waker());
            let ring = self.poll_anew(&mut Context::from_waker(&bell), deadline);
            if ring.is_ready() {
                return ring;
            }
        }
        self.bell.listen(rung, cx.waker());
        Poll::Pending
    }

    /// Whether both wait, as far as there is anything to wait for, and the timer for this.
    fn waits_for(&self, deadline: Option<Instant>) -> bool {
        let elapsed = deadline.is_some() && self.sleep.as_ref().is_none_or(|it| it.is_elapsed());
        let stopping = self.stop.has_begun() && !matches!(self.stopping, Stopping::Told);
        self.armed == deadline && !elapsed && !stopping
    }

    fn poll_anew(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        if self.poll_stop(cx).is_ready() {
            self.stopping = Stopping::Told;
            return Poll::Ready(Ring::Stop);
        }
        self.armed = deadline;
        match deadline {
            Some(at) => self.poll_sleep(cx, at).map(|()| Ring::Deadline),
            None => Poll::Pending,
        }
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
