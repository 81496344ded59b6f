//! Who waits for a connection.

use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::sync::{Mutex, lock};

/// Who waits, by what is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Somebody who receives.
    Reader,
    /// Somebody who sends.
    Writer,
    /// Somebody who waits for the end.
    Closed,
}

/// The tasks that wait for a connection; as a waker, it wakes them all.
///
/// A socket remembers one waker for reading and one for writing. Where the task of the connection
/// is not the only one that waits, this stands for all of them: each is woken by whatever happens,
/// looks, and waits again.
#[derive(Debug)]
pub(crate) struct Wakers {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The task that drives the connection. It is woken each time.
    driver: Option<Waker>,
    reader: Option<Waker>,
    /// Any number of them; each is woken once.
    writers: Vec<Waker>,
    closed: Vec<Waker>,
}

impl Wakers {
    /// Nobody but the task that drives the connection, if there is one.
    pub(crate) fn new(driver: Option<Waker>) -> Arc<Wakers> {
        Arc::new(Wakers { waiting: Mutex::new(Waiting { driver, ..Waiting::default() }) })
    }

    /// Has the task of the connection woken from now on. The waker that it had before is to be
    /// dropped under no lock.
    pub(crate) fn set_driver(&self, driver: &Waker) -> Option<Waker> {
        lock(&self.waiting).driver.replace(driver.clone())
    }

    /// Has `waker` woken by what happens next. The one in whose place it is, is to be dropped under
    /// no lock.
    pub(crate) fn register(&self, side: Side, waker: &Waker) -> Option<Waker> {
        let mut waiting = lock(&self.waiting);
        match side {
            Side::Reader => waiting.reader.replace(waker.clone()),
            Side::Writer => join(&mut waiting.writers, waker),
            Side::Closed => join(&mut waiting.closed, waker),
        }
    }

    /// Whether nobody waits but the task of the connection.
    pub(crate) fn are_alone(&self) -> bool {
        let waiting = lock(&self.waiting);
        waiting.reader.is_none() && waiting.writers.is_empty() && waiting.closed.is_empty()
    }

    /// Wakes everybody who waits.
    pub(crate) fn wake_all(&self) {
        let driver = lock(&self.waiting).driver.clone();
        if let Some(driver) = driver {
            driver.wake();
        }
        self.wake_others();
    }

    /// Wakes everybody who waits but the task of the connection.
    pub(crate) fn wake_others(&self) {
        let mut waiting = lock(&self.waiting);
        let mut woken = std::mem::take(&mut waiting.writers);
        woken.append(&mut waiting.closed);
        woken.extend(waiting.reader.take());
        drop(waiting);
        // Not under the lock: a task may be polled by whoever wakes it.
        woken.into_iter().for_each(Waker::wake);
    }
}

/// Adds a waker, unless it is there.
fn join(wakers: &mut Vec<Waker>, waker: &Waker) -> Option<Waker> {
    if !wakers.iter().any(|other| other.will_wake(waker)) {
        wakers.push(waker.clone());
    }
    None
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
