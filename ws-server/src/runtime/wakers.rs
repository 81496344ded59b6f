//! Who waits for a connection.

use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::runtime::sync::{Mutex, lock};

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

    /// No task has the connection any more. The waker that its task had is to be dropped under no
    /// lock.
    pub(crate) fn take_driver(&self) -> Option<Waker> {
        lock(&self.waiting).driver.take()
    }

    /// Has `waker` woken by what happens next.
    pub(crate) fn register<'w>(&self, side: Side, waker: &'w Waker) -> Waiter<'w> {
        let mut waiting = lock(&self.waiting);
        let (is_new, replaced) = match side {
            // There is one who receives.
            Side::Reader => (true, waiting.reader.replace(waker.clone())),
            Side::Writer => (join(&mut waiting.writers, waker), None),
            Side::Closed => (join(&mut waiting.closed, waker), None),
        };
        Waiter { side, waker, is_new, replaced }
    }

    /// Whoever has registered waits no more. A waker that was there before stays: somebody else of
    /// the same task may wait with it.
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
        // Not under the lock.
        drop((replaced, withdrawn));
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
        let Waiting { writers, closed, reader, driver: _ } = &mut *waiting;
        let reader = reader.take();
        let woken: Vec<Waker> = writers.drain(..).chain(closed.drain(..)).collect();
        drop(waiting);
        // Not under the lock: a task may be polled by whoever wakes it.
        woken.into_iter().chain(reader).for_each(Waker::wake);
    }
}

/// How somebody waits. What it has replaced is to be dropped under no lock.
#[derive(Debug)]
pub(crate) struct Waiter<'w> {
    side: Side,
    waker: &'w Waker,
    /// Whether nobody waited with this waker before.
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
