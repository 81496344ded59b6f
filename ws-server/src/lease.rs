//! A value that goes home when its holder drops it.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How many values have come home, of all there are. While the count stands still, nobody has to
/// look at home: that memory has left the caches by the time a connection has something to do.
static RETURNED: AtomicUsize = AtomicUsize::new(0);

/// Lends a value to somebody who may drop it anywhere; the owner gets it back then.
///
/// So the closing handshake of a connection is held whatever its service does with it.
#[derive(Debug)]
pub(crate) struct Lease<T> {
    /// Present until the drop.
    value: Option<T>,
    home: Option<Arc<Mutex<Doorstep<T>>>>,
}

/// Where a lent value comes back.
#[derive(Debug)]
pub(crate) struct Home<T> {
    doorstep: Arc<Mutex<Doorstep<T>>>,
    /// Who waits there, and the count before it was looked at.
    waiting: Option<(Waker, usize)>,
}

#[derive(Debug)]
struct Doorstep<T> {
    value: Option<T>,
    owner: Option<Waker>,
}

impl<T> Lease<T> {
    /// A lease, and where the value comes back.
    pub(crate) fn new(value: T) -> (Lease<T>, Home<T>) {
        let doorstep = Arc::new(Mutex::new(Doorstep { value: None, owner: None }));
        let lease = Lease { value: Some(value), home: Some(doorstep.clone()) };
        (lease, Home { doorstep, waiting: None })
    }

    /// A value that nobody waits for.
    pub(crate) fn owned(value: T) -> Lease<T> {
        Lease { value: Some(value), home: None }
    }
}

impl<T> Home<T> {
    /// Waits for the value.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        let returned = RETURNED.load(Ordering::Acquire);
        match &self.waiting {
            Some((owner, before)) if *before == returned && owner.will_wake(cx.waker()) => {
                Poll::Pending
            }
            _ => self.look(cx, returned),
        }
    }

    #[cold]
    fn look(&mut self, cx: &mut Context<'_>, returned: usize) -> Poll<T> {
        let owner = cx.waker();
        let mut doorstep = lock(&self.doorstep);
        if let Some(value) = doorstep.value.take() {
            return Poll::Ready(value);
        }
        let replaced = doorstep.owner.replace(owner.clone());
        drop(doorstep);
        // What a task holds may go with its last waker: not under the lock.
        drop(replaced);
        self.waiting = Some((owner.clone(), returned));
        Poll::Pending
    }
}

fn lock<T>(doorstep: &Mutex<Doorstep<T>>) -> MutexGuard<'_, Doorstep<T>> {
    // Nothing under this lock panics.
    doorstep.lock().unwrap_or_else(PoisonError::into_inner)
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
        // When the owner is gone, the value ends here, with the doorstep.
        let Some(home) = self.home.take() else { return };
        let mut doorstep = lock(&home);
        doorstep.value = self.value.take();
        let owner = doorstep.owner.take();
        drop(doorstep);
        // Between the two: an owner who is woken finds that the count has moved.
        RETURNED.fetch_add(1, Ordering::Release);
        if let Some(owner) = owner {
            owner.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll(home: &mut Home<u8>, counter: &Arc<Counter>) -> Poll<u8> {
        home.poll(&mut Context::from_waker(&Waker::from(counter.clone())))
    }

    #[test]
    fn a_value_comes_home_when_it_is_dropped_and_wakes_who_asked_last() {
        let (lease, mut home) = Lease::new(7);
        let (one, other) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
        let waker = Waker::from(one.clone());
        for _ in 0..2 {
            assert!(home.poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert!(poll(&mut home, &other).is_pending());
        drop(lease);
        assert_eq!(one.0.load(Ordering::Relaxed), 0);
        assert_eq!(other.0.load(Ordering::Relaxed), 1);
        assert_eq!(poll(&mut home, &one), Poll::Ready(7));
    }

    #[test]
    fn a_value_that_came_before_anybody_asked_is_found() {
        let (lease, mut home) = Lease::new(7);
        drop(lease);
        assert_eq!(poll(&mut home, &Arc::default()), Poll::Ready(7));
    }

    #[test]
    fn what_others_have_lent_is_waited_for_in_peace() {
        let (_lease, mut home) = Lease::new(7);
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(counter.clone());
        for _ in 0..3 {
            drop(Lease::new(8));
            assert!(home.poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert_eq!(counter.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_value_whose_owner_is_gone_ends_with_its_lease() {
        let value = Arc::new(());
        let (lease, home) = Lease::new(value.clone());
        drop(home);
        drop(lease);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn a_value_that_was_never_asked_for_ends_with_its_home() {
        let value = Arc::new(());
        let (lease, home) = Lease::new(value.clone());
        drop(lease);
        assert_eq!(Arc::strong_count(&value), 2);
        drop(home);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
