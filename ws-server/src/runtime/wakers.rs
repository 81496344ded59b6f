//! The tasks that wait for a connection.

use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::runtime::sync::{Mutex, lock};

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// To receive.
    Reader,
    /// To send.
    Writer,
    /// For the end.
    Closed,
}

/// The tasks that wait for a connection; as a waker, it wakes them all.
///
/// A socket remembers one waker for reading and one for writing. Where the task of the connection
/// is not the only one that waits, this is the waker for all of them: each event wakes each task,
/// which looks, and waits again.
#[derive(Debug)]
pub(crate) struct Wakers {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The task that drives the connection. It stays registered when it is woken.
    driver: Option<Waker>,
    reader: Option<Waker>,
    /// Any number of tasks; like the reader, each is woken once.
    writers: Vec<Waker>,
    closed: Vec<Waker>,
}

impl Wakers {
    /// Only the task that drives the connection, if there is one.
    pub(crate) fn new(driver: Option<Waker>) -> Arc<Wakers> {
        Arc::new(Wakers { waiting: Mutex::new(Waiting { driver, ..Waiting::default() }) })
    }

    /// Replaces the waker of the driver. The previous one is to be dropped without a lock.
    pub(crate) fn set_driver(&self, driver: &Waker) -> Option<Waker> {
        lock(&self.waiting).driver.replace(driver.clone())
    }

    /// Removes the waker of the driver, which is to be dropped without a lock.
    pub(crate) fn take_driver(&self) -> Option<Waker> {
        lock(&self.waiting).driver.take()
    }

    /// Registers `waker` for the next event.
    pub(crate) fn register<'w>(&self, side: Side, waker: &'w Waker) -> Waiter<'w> {
        let mut waiting = lock(&self.waiting);
        let (is_new, replaced) = match side {
            // Only one task receives.
            Side::Reader => (true, waiting.reader.replace(waker.clone())),
            Side::Writer => (join(&mut waiting.writers, waker), None),
            Side::Closed => (join(&mut waiting.closed, waker), None),
        };
        Waiter { side, waker, is_new, replaced }
    }

    /// Undoes a registration. A waker that was registered before stays: another future of the same
    /// task may wait with it.
    pub(crate) fn withdraw(&self, registration: Waiter<'_>) {
        let Waiter { side, waker, is_new, replaced } = registration;
        let withdrawn = is_new.then(|| {
            let mut waiting = lock(&self.waiting);
            match side {
                Side::Reader => waiting.reader.take_if(|reader| reader.will_wake(waker)),
                Side::Writer => leave(&mut waiting.writers, waker),
                Side::Closed => leave(&mut waiting.closed, waker),
            }
        });
        // Without the lock.
        drop((replaced, withdrawn));
    }

    /// Whether no task waits besides the driver.
    pub(crate) fn has_only_driver(&self) -> bool {
        let waiting = lock(&self.waiting);
        waiting.reader.is_none() && waiting.writers.is_empty() && waiting.closed.is_empty()
    }

    /// Wakes all tasks.
    pub(crate) fn wake_all(&self) {
        let driver = lock(&self.waiting).driver.clone();
        if let Some(driver) = driver {
            driver.wake();
        }
        self.wake_others();
    }

    /// Wakes all tasks but the driver.
    pub(crate) fn wake_others(&self) {
        let mut waiting = lock(&self.waiting);
        let Waiting { writers, closed, reader, driver: _ } = &mut *waiting;
        let reader = reader.take();
        let woken: Vec<Waker> = writers.drain(..).chain(closed.drain(..)).collect();
        drop(waiting);
        // Without the lock: a waker may poll its task at once.
        woken.into_iter().chain(reader).for_each(Waker::wake);
    }
}

/// The registration of a task. The waker that it replaced is to be dropped without a lock.
#[derive(Debug)]
pub(crate) struct Waiter<'w> {
    side: Side,
    waker: &'w Waker,
    /// Whether this waker was not registered before.
    is_new: bool,
    replaced: Option<Waker>,
}

/// Adds a waker, unless it is there.
fn join(wakers: &mut Vec<Waker>, waker: &Waker) -> bool {
    let is_new = !wakers.iter().any(|other| other.will_wake(waker));
    if is_new {
        wakers.push(waker.clone());
    }
    is_new
}

/// Takes a waker out, if it is still there.
fn leave(wakers: &mut Vec<Waker>, waker: &Waker) -> Option<Waker> {
    let at = wakers.iter().position(|other| other.will_wake(waker))?;
    Some(wakers.swap_remove(at))
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
