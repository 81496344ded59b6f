//! A value that goes home when its holder drops it.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot::{self, error::RecvError, error::TryRecvError};

use crate::bell::{Bell, Kind};
use crate::turn;

/// Lends a value to somebody who may drop it anywhere; the owner gets it back then.
///
/// So the closing handshake of a connection is held whatever its service does with it.
#[derive(Debug)]
pub(crate) struct Lease<T> {
    /// Present until the drop.
    value: Option<T>,
    home: Option<oneshot::Sender<T>>,
}

impl<T> Lease<T> {
    /// A lease, and where the value comes back.
    pub(crate) fn new(value: T) -> (Lease<T>, Home<T>) {
        let (sender, receiver) = oneshot::channel();
        let bell = Bell::new(Kind::Home);
        (Lease { value: Some(value), home: Some(sender) }, Home { receiver, bell })
    }

    /// A value that nobody waits for.
    pub(crate) fn owned(value: T) -> Lease<T> {
        Lease { value: Some(value), home: None }
    }
}

/// Where a lent value comes back.
#[derive(Debug)]
pub(crate) struct Home<T> {
    receiver: oneshot::Receiver<T>,
    bell: Bell,
}

impl<T> Home<T> {
    /// Waits until it is back, or will never be; not to be polled after that.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match self.bell.is_quiet(cx.waker()) {
            true => Poll::Pending,
            false => self.look(cx),
        }
    }

    /// A task whose turn is over looks in its next. Waiting here it would be woken by the very drop
    /// that ends its service, and have another turn at once.
    #[cold]
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(turn::poll_continue(cx));
        let rung = self.bell.rung();
        let outcome = match self.bell.is_heard_by(cx.waker()) {
            true => match self.receiver.try_recv() {
                // Another bell of the group.
                Err(TryRecvError::Empty) => Poll::Pending,
                outcome => Poll::Ready(outcome.ok()),
            },
            false => self.poll_anew(cx).map(Result::ok),
        };
        match outcome {
            Poll::Pending => self.bell.listen(rung, cx.waker()),
            Poll::Ready(_) => self.bell.leave(),
        }
        outcome
    }

    fn poll_anew(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        let bell = self.bell.waker(cx.waker());
        Pin::new(&mut self.receiver).poll(&mut Context::from_waker(&bell))
    }
}

impl<T> Deref for Lease<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.value {
            Some(value) => value,
            None => unreachable!("a lease holds its value until it is dropped"),
        }
    }
}

impl<T> DerefMut for Lease<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.value {
            Some(value) => value,
            None => unreachable!("a lease holds its value until it is dropped"),
        }
    }
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        if let (Some(home), Some(value)) = (self.home.take(), self.value.take()) {
            // When the owner is gone, the value ends here.
            drop(home.send(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll(home: &mut Home<u8>, task: &Arc<Task>) -> Poll<Option<u8>> {
        home.poll(&mut Context::from_waker(&Waker::from(task.clone())))
    }

    #[test]
    fn what_is_dropped_on_another_thread_wakes_the_task_that_looked_last() {
        let (lease, mut home) = Lease::new(7);
        let (first, last) = (Arc::new(Task::default()), Arc::new(Task::default()));
        for task in [&first, &last, &last] {
            assert!(poll(&mut home, task).is_pending());
        }
        std::thread::spawn(|| drop(lease)).join().unwrap();
        assert_eq!(first.0.load(Ordering::Relaxed), 0);
        assert_eq!(last.0.load(Ordering::Relaxed), 1);
        assert_eq!(poll(&mut home, &last), Poll::Ready(Some(7)));
    }

    #[test]
    fn a_bell_that_rings_for_others_brings_nothing_home() {
        let (lease, mut home) = Lease::new(7);
        let task = Arc::new(Task::default());
        assert!(poll(&mut home, &task).is_pending());
        home.bell.waker(Waker::noop()).wake();
        assert!(poll(&mut home, &task).is_pending());
        drop(lease);
        assert_eq!(poll(&mut home, &task), Poll::Ready(Some(7)));
    }

    #[test]
    fn what_comes_home_between_two_tasks_is_found() {
        let (lease, mut home) = Lease::new(7);
        assert!(poll(&mut home, &Arc::new(Task::default())).is_pending());
        drop(lease);
        assert_eq!(poll(&mut home, &Arc::new(Task::default())), Poll::Ready(Some(7)));
    }
}
