//! A connection that several tasks share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Who polls a shared connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The task that keeps the connection going.
    Driver,
    /// The task that reads.
    Reader,
    /// The task that writes.
    Writer,
}

const SIDES: usize = 3;

/// A value behind a lock that is held for one poll and never across an await, and the tasks
/// that wait for it.
///
/// A socket remembers one task for reading and one for writing. Here any of the three sides
/// may read and write, so the socket is polled with a waker that wakes whoever waits. Most
/// often all are one task, and it is woken once.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    value: Mutex<T>,
    waiting: Arc<Waiting>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Waiting {
    tasks: Mutex<[Option<Waker>; SIDES]>,
}

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Shared<T> {
        let waiting = Arc::new(Waiting::default());
        let waker = Waker::from(waiting.clone());
        Shared { value: Mutex::new(value), waiting, waker }
    }

    /// Polls the value. When it is pending, the task of `cx` is woken by whatever happens on
    /// the socket.
    #[inline]
    pub(crate) fn poll<R>(
        &self,
        side: Side,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.waiting.register(side, cx.waker());
        poll(&mut self.lock(), &mut Context::from_waker(&self.waker))
    }

    /// The value, for what needs no waiting.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        // Nothing under this lock leaves the value half changed when it panics.
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes everybody who waits.
    pub(crate) fn wake(&self) {
        self.waker.wake_by_ref();
    }
}

impl Waiting {
    #[inline]
    fn register(&self, side: Side, waker: &Waker) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = &mut tasks[side as usize];
        if !slot.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *slot = Some(waker.clone());
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (at, task) in tasks.iter().enumerate() {
            let Some(task) = task else { continue };
            let woken = tasks[..at].iter().flatten().any(|other| other.will_wake(task));
            if !woken {
                task.wake_by_ref();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wait<T>(shared: &Shared<T>, side: Side, counter: &Arc<Counter>) {
        let waker = Waker::from(counter.clone());
        let _pending =
            shared.poll(side, &mut Context::from_waker(&waker), |_, _| Poll::<()>::Pending);
    }

    #[test]
    fn wakes_every_task_that_waits_and_each_once() {
        let shared = Shared::new(());
        let (one, other) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
        wait(&shared, Side::Driver, &one);
        wait(&shared, Side::Reader, &one);
        wait(&shared, Side::Writer, &other);
        shared.wake();
        assert_eq!(one.0.load(Ordering::Relaxed), 1);
        assert_eq!(other.0.load(Ordering::Relaxed), 1);
    }
}
