//! What wakes a connection besides its socket: its next deadline, and the server's stop.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::futures::OwnedNotified;
use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::bell::Group;
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
    registered: Option<Registered>,
    group: Group,
}

/// The task that the timer and the stop wake, as far as they wait.
#[derive(Debug)]
#[repr(C)]
struct Registered {
    /// What the timer is set to.
    deadline: Option<Instant>,
    /// The count of the group before both were looked at.
    rung: usize,
    task: Waker,
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
        Alarm { stop, stopping, sleep: None, registered: None, group: Group::next() }
    }

    /// Whether the same task has polled it, and nothing has rung since.
    #[inline]
    pub(super) fn is_quiet(&self, task: &Waker) -> bool {
        self.registered.as_ref().is_some_and(|registered| {
            registered.rung == self.group.rung() && registered.task.will_wake(task)
        })
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<Ring> {
        let rung = self.group.rung();
        let stopping = self.stop.has_begun() && !matches!(self.stopping, Stopping::Told);
        let elapsed = deadline.is_some() && self.sleep.as_ref().is_none_or(|it| it.is_elapsed());
        if let Some(registered) = &mut self.registered
            && registered.task.will_wake(cx.waker())
            && registered.deadline == deadline
            && !elapsed
            && !stopping
        {
            // Another connection was rung.
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
        let bell = self.group.bell(cx.waker());
        let mut bell = Context::from_waker(&bell);
        if self.poll_stop(&mut bell).is_ready() {
            self.stopping = Stopping::Told;
            return Poll::Ready(Ring::Stop);
        }
        if let Some(at) = deadline
            && self.poll_sleep(&mut bell, at).is_ready()
        {
            return Poll::Ready(Ring::Deadline);
        }
        self.registered = Some(Registered { deadline, rung, task: cx.waker().clone() });
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
