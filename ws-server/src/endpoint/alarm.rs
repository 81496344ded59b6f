//! What wakes a connection besides its socket: its next deadline, and the server's stop.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use tokio::sync::futures::OwnedNotified;
use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::stop::Stop;

/// One timer and one wait for the stop, reused for the life of the connection.
///
/// Both keep the waker they were polled with, so as long as it is the same and neither has
/// fired, a poll costs three comparisons.
#[derive(Debug)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// What the timer is set to.
    armed: Option<Instant>,
    stop: Stop,
    stopping: Stopping,
    registered: Option<Waker>,
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
        Alarm { sleep: None, armed: None, stop, stopping: Stopping::Unasked, registered: None }
    }

    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        if self.is_registered(cx.waker(), deadline) {
            return Poll::Pending;
        }
        self.poll_anew(cx, deadline)
    }

    fn is_registered(&self, waker: &Waker, deadline: Option<Instant>) -> bool {
        let known = self.registered.as_ref().is_some_and(|known| known.will_wake(waker));
        let stopping = self.stop.has_begun() && !matches!(self.stopping, Stopping::Told);
        let sleeping = deadline.is_none()
            || self.armed == deadline
                && self.sleep.as_ref().is_some_and(|sleep| !sleep.is_elapsed());
        known && sleeping && !stopping
    }

    fn poll_anew(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        self.registered = None;
        if self.poll_stop(cx).is_ready() {
            self.stopping = Stopping::Told;
            return Poll::Ready(Ring::Stop);
        }
        if let Some(at) = deadline {
            ready!(self.poll_sleep(cx, at));
            return Poll::Ready(Ring::Deadline);
        }
        self.registered = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Polls the timer outside the task's budget: with none left, it would be pending without
    /// having registered anybody.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        self.armed = Some(at);
        let at = tokio::time::Instant::from_std(at);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        let outcome = pin!(unconstrained(sleep.as_mut())).poll(cx);
        if outcome.is_pending() {
            self.registered = Some(cx.waker().clone());
        }
        outcome
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
