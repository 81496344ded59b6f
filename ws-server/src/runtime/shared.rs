//! A connection that its task and the handles of its application share.
//!
//! The connection stays where it is; whoever has something to do with it visits it under a lock,
//! for one poll and never across an await. A handle takes all messages that have come in one visit,
//! so it needs none for a message while it has some.
//!
//! There is no I/O in here, so that `loom` can explore what the tasks of a connection do to each
//! other.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::driven::Driven;
use super::panicked::Panicked;
use super::receiving::{NotedReceiving, Receiving};
use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering, lock};
use super::view::View;
use super::wakers::{Side, Waiter, Wakers};

/// What a connection's task and its handles share.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Shared<V> {
    /// What the handles have done that the driver polls just now.
    receiving: NotedReceiving,
    /// Whether nothing can be sent any more.
    closed: AtomicBool,
    state: Mutex<State<V>>,
}

/// A connection, and who has to do with it. In memory, what each visit needs comes first.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct State<V> {
    /// The task that drives it, if there is one.
    pub(super) driver: Option<Waker>,
    /// Whether others than the driver may wait.
    pub(super) others_wait: bool,
    /// How many handles there are.
    pub(super) handles: u8,
    /// Whether a handle was dropped by a panic.
    pub(super) panicked: Panicked,
    pub(crate) view: V,
    /// Those who wait beside the driver, once there was somebody.
    wakers: Option<Arc<Wakers>>,
}

impl<V: View> Shared<V> {
    /// A connection with one handle.
    pub(crate) fn new(view: V) -> Arc<Shared<V>> {
        let state = State {
            view,
            driver: None,
            wakers: None,
            others_wait: false,
            handles: 1,
            panicked: Panicked::No,
        };
        Arc::new(Shared {
            state: Mutex::new(state),
            receiving: NotedReceiving::default(),
            closed: AtomicBool::new(false),
        })
    }

    /// Ends the connection where it is, for nobody drives it any more.
    pub(crate) fn cut(&self) {
        self.change(|state| state.view.cut());
    }

    /// Whether nothing can be sent any more.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Visits the connection for a handle that may have to wait. When `poll` is pending, the task
    /// of `cx` is woken by whatever happens.
    #[inline]
    pub(crate) fn visit<R>(
        &self,
        side: Side,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut V, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.visit_locked(self.lock(), side, cx, poll)
    }

    #[inline]
    pub(super) fn visit_locked<R>(
        &self,
        mut state: MutexGuard<'_, State<V>>,
        side: Side,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut V, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let is_driver = state.driver.as_ref().is_some_and(|task| task.will_wake(cx.waker()));
        if !is_driver {
            return self.visit_from_elsewhere(state, side, cx.waker(), poll);
        }
        let outcome = if state.others_wait {
            self.visit_among_others(None, state, poll)
        } else {
            let outcome = poll(&mut state.view, cx);
            self.note_closed(&state);
            outcome
        };
        match (side, outcome.is_pending()) {
            (Side::Reader, true) => self.receiving.note(Receiving::Settled),
            (Side::Reader, false) => self.receiving.note(Receiving::No),
            (Side::Writer | Side::Closed, _) => self.receiving.note_more(),
        }
        outcome
    }

    /// Visits the connection for a handle that is not polled as the driver is.
    #[cold]
    fn visit_from_elsewhere<R>(
        &self,
        mut state: MutexGuard<'_, State<V>>,
        side: Side,
        waker: &Waker,
        poll: impl FnOnce(&mut V, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        // Before it is polled: what happens meanwhile wakes it.
        state.others_wait = true;
        let registration = state.wakers().register(side, waker);
        if Driven::is(self) {
            // A future of the service, with a waker of its own.
            self.receiving.note_more();
        }
        self.visit_among_others(Some(registration), state, poll)
    }

    /// Visits the connection with a waker for everybody. `visitor` is how whoever visits waits, if
    /// that is not the driver.
    #[cold]
    fn visit_among_others<R>(
        &self,
        visitor: Option<Waiter<'_>>,
        mut state: MutexGuard<'_, State<V>>,
        poll: impl FnOnce(&mut V, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let wakers = state.wakers().clone();
        let everybody = Waker::from(wakers.clone());
        let outcome = poll(&mut state.view, &mut Context::from_waker(&everybody));
        self.note_closed(&state);
        drop(state);
        if outcome.is_ready() {
            if let Some(visitor) = visitor {
                wakers.withdraw(visitor);
            }
            // The others wait for something else now, and the driver for what this one waited for.
            if Driven::is(self) {
                wakers.wake_others();
            } else {
                wakers.wake_all();
            }
        }
        outcome
    }

    /// Visits the connection for what needs no waiting, and has everybody look what it has changed.
    pub(crate) fn change<R>(&self, act: impl FnOnce(&mut State<V>) -> R) -> R {
        let mut state = self.lock();
        let outcome = act(&mut state);
        self.note_closed(&state);
        let others = state.wakers.clone();
        let driver = if Driven::is(self) {
            // It looks anyhow.
            self.receiving.note_more();
            None
        } else {
            // Not within a poll of it: that may be over by now, and the note would be for the next.
            state.driver.clone()
        };
        drop(state);
        if let Some(others) = others {
            others.wake_others();
        }
        if let Some(driver) = driver {
            driver.wake();
        }
        outcome
    }

    /// What the handles have done that the driver has just polled.
    #[inline]
    pub(crate) fn take_receiving(&self) -> Receiving {
        self.receiving.take()
    }

    /// Looks at the connection.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut V) -> R) -> R {
        look(&mut self.lock().view)
    }

    /// So many more handles.
    pub(crate) fn add_handles(&self, count: u8) {
        self.lock().handles += count;
    }

    /// One handle less, after `last`. The last one closes the connection, if it has a driver.
    pub(crate) fn drop_handle(&self, last: impl FnOnce(&mut V)) {
        self.change(|state| {
            last(&mut state.view);
            state.handles -= 1;
            if std::thread::panicking() {
                state.panicked = Panicked::Yes;
            }
        });
    }

    /// Whoever has driven the connection does so no more. A task that drives it still is woken, and
    /// says so.
    pub(super) fn resign(&self) {
        let mut state = self.lock();
        let driver = state.driver.take();
        let others = state.wakers.clone();
        let among_others = others.as_ref().and_then(|wakers| wakers.take_driver());
        drop(state);
        drop(among_others);
        if let Some(others) = others {
            others.wake_others();
        }
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, State<V>> {
        lock(&self.state)
    }

    #[inline]
    pub(super) fn note_closed(&self, state: &State<V>) {
        if state.view.is_closed() {
            self.closed.store(true, Ordering::Relaxed);
        }
    }
}

impl<V> State<V> {
    pub(super) fn set_driver(&mut self, waker: &Waker) -> Replaced {
        let mut replaced = Replaced::default();
        if !self.driver.as_ref().is_some_and(|driver| driver.will_wake(waker)) {
            let among_others = self.wakers.as_ref().and_then(|wakers| wakers.set_driver(waker));
            replaced = [self.driver.replace(waker.clone()), among_others];
        }
        if self.others_wait {
            self.others_wait = !self.wakers().are_alone();
        }
        replaced
    }

    pub(super) fn wakers(&mut self) -> &Arc<Wakers> {
        self.wakers.get_or_insert_with(|| Wakers::new(self.driver.clone()))
    }
}

/// Wakers that nobody needs any more. A task may go with its last waker, and drop a handle that it
/// has: not under the lock.
type Replaced = [Option<Waker>; 2];
