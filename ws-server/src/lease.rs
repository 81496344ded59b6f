//! A value that goes home when its holder drops it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use crate::bell::{Bell, Group, Kind};
use crate::turn;

/// Lends a value to somebody who may drop it anywhere; the owner gets it back then.
///
/// So the closing handshake of a connection is held whatever its service does with it.
#[derive(Debug)]
pub(crate) struct Lease<T> {
    /// Present until the drop.
    value: Option<T>,
    place: Option<Arc<Place<T>>>,
}

impl<T> Lease<T> {
    /// A lease, and where the value comes back.
    pub(crate) fn new(value: T) -> (Lease<T>, Home<T>) {
        let bell = Bell::new(Kind::Home);
        let inside = Mutex::new(Inside { value: None, task: None });
        let place = Arc::new(Place { inside, group: bell.group() });
        (Lease { value: Some(value), place: Some(place.clone()) }, Home { place, bell })
    }

    /// A value that nobody waits for.
    pub(crate) fn owned(value: T) -> Lease<T> {
        Lease { value: Some(value), place: None }
    }
}

/// Where a lent value comes back.
#[derive(Debug)]
pub(crate) struct Home<T> {
    place: Arc<Place<T>>,
    bell: Bell,
}

/// What both ends see of a home.
#[derive(Debug)]
struct Place<T> {
    inside: Mutex<Inside<T>>,
    /// Of the owner's bell.
    group: Group,
}

#[derive(Debug)]
struct Inside<T> {
    /// Once it is back, until the owner takes it.
    value: Option<T>,
    /// Who waits for it.
    task: Option<Waker>,
}

impl<T> Place<T> {
    fn lock(&self) -> MutexGuard<'_, Inside<T>> {
        // Nothing under this lock panics half way.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, if it is back. If not, `task` is woken when it comes; `known` says that this was
    /// asked before, and no other task has asked since.
    fn take(&self, task: &Waker, known: bool) -> Option<T> {
        let mut inside = self.lock();
        let value = inside.value.take();
        if value.is_none() && !known {
            // The bell has another waker of the task that asked before. With the last one a task
            // could end here, under the lock, and the lease with it.
            inside.task = Some(task.clone());
        }
        value
    }

    fn give_back(&self, value: T) {
        let task = {
            let mut inside = self.lock();
            inside.value = Some(value);
            inside.task.take()
        };
        if let Some(task) = task {
            self.group.ring();
            task.wake();
        }
    }
}

impl<T> Home<T> {
    /// Waits until it is back; not to be polled after that.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        match self.bell.is_quiet(cx.waker()) {
            true => Poll::Pending,
            false => self.look(cx),
        }
    }

    /// A task whose turn is over looks in its next. Waiting here it would be woken by the very drop
    /// that ends its service, and have another turn at once.
    #[cold]
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        ready!(turn::poll_continue(cx));
        let rung = self.bell.rung();
        let heard = self.bell.is_heard_by(cx.waker());
        match self.place.take(cx.waker(), heard) {
            Some(value) => {
                self.bell.leave();
                Poll::Ready(value)
            }
            None => {
                self.bell.listen(rung, cx.waker());
                Poll::Pending
            }
        }
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
        // When the owner is gone, the value ends with its place.
        if let (Some(place), Some(value)) = (self.place.take(), self.value.take()) {
            place.give_back(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A task, and whether its home was quiet when it was woken.
    struct Owner {
        home: Mutex<Home<u8>>,
        found_quiet: Mutex<Option<bool>>,
    }

    impl Wake for Owner {
        fn wake(self: Arc<Self>) {
            let quiet = self.home.lock().unwrap().bell.is_quiet(&Waker::from(self.clone()));
            *self.found_quiet.lock().unwrap() = Some(quiet);
        }
    }

    fn poll(home: &mut Home<u8>, task: &Arc<Task>) -> Poll<u8> {
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
        assert_eq!(poll(&mut home, &last), Poll::Ready(7));
    }

    #[test]
    fn a_bell_that_rings_for_others_brings_nothing_home() {
        let (lease, mut home) = Lease::new(7);
        let task = Arc::new(Task::default());
        assert!(poll(&mut home, &task).is_pending());
        home.place.group.ring();
        assert!(poll(&mut home, &task).is_pending());
        drop(lease);
        assert_eq!(poll(&mut home, &task), Poll::Ready(7));
    }

    #[test]
    fn what_comes_home_between_two_tasks_is_found() {
        let (lease, mut home) = Lease::new(7);
        assert!(poll(&mut home, &Arc::new(Task::default())).is_pending());
        drop(lease);
        assert_eq!(poll(&mut home, &Arc::new(Task::default())), Poll::Ready(7));
    }

    #[test]
    fn a_task_that_is_woken_finds_its_home_in_need_of_a_look() {
        let (lease, home) = Lease::new(7);
        let owner = Arc::new(Owner { home: Mutex::new(home), found_quiet: Mutex::new(None) });
        let waker = Waker::from(owner.clone());
        let mut cx = Context::from_waker(&waker);
        assert!(owner.home.lock().unwrap().poll(&mut cx).is_pending());
        drop(lease);
        assert_eq!(*owner.found_quiet.lock().unwrap(), Some(false));
        assert_eq!(owner.home.lock().unwrap().poll(&mut cx), Poll::Ready(7));
    }

    #[test]
    fn a_value_that_nobody_waits_for_any_more_ends_with_its_lease() {
        let value = Arc::new(());
        let (lease, mut home) = Lease::new(value.clone());
        assert!(home.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(home);
        assert_eq!(Arc::strong_count(&value), 2);
        drop(lease);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    /// A task that holds a lease.
    struct Holder {
        _lease: Mutex<Lease<u8>>,
    }

    impl Wake for Holder {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn a_lease_that_ends_with_the_task_that_looked_before_comes_home() {
        let (lease, mut home) = Lease::new(7);
        let holder = Waker::from(Arc::new(Holder { _lease: Mutex::new(lease) }));
        assert!(home.poll(&mut Context::from_waker(&holder)).is_pending());
        drop(holder);
        let task = Arc::new(Task::default());
        assert!(poll(&mut home, &task).is_pending());
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        assert_eq!(poll(&mut home, &task), Poll::Ready(7));
    }
}
