//! A connection that its task and the handles of its application share.
//!
//! The connection is behind a lock. Its task and its handles visit it for one poll, never across an
//! await. A handle takes all messages that have arrived in one visit, and needs no other visit
//! while it has some.
//!
//! There is no I/O in this module, so that `loom` can explore how the tasks of a connection
//! interact.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::driven::Driven;
use super::identity::Identity;
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
    /// Which connection it is; not used to send and to receive.
    identity: Identity,
}

/// A connection, its driver, and the tasks that wait for it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct State<V> {
    // hot: every visit reads these, so they share cache lines.
    /// The task that drives the connection, if there is one.
    pub(super) driver: Option<Waker>,
    /// The number of handles. The connection is closed when it is 0.
    pub(super) handles: u32,
    /// Whether other tasks than the driver may wait. Always true while `wakers` has one.
    pub(super) others_wait: bool,
    /// Whether a handle was dropped while its thread was panicking.
    pub(super) panicked: Panicked,
    pub(crate) view: V,
    // cold.
    /// The tasks that wait besides the driver. `Some` since one of them waited first.
    wakers: Option<Arc<Wakers>>,
}

impl<V: View> Shared<V> {
    /// A connection with one handle.
    pub(crate) fn new(view: V, identity: Identity) -> Arc<Shared<V>> {
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
            identity,
        })
    }

    /// Aborts the connection, because its driver is gone.
    pub(crate) fn cut(&self) {
        self.change(|state| state.view.cut());
    }

    /// Whether nothing can be sent any more.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Visits the connection for a handle that may have to wait. When `poll` is pending, the task
    /// of `cx` is woken by the next event of the connection.
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
            let news = state.view.take_news();
            drop(state);
            if news {
                cx.waker().wake_by_ref();
            }
            outcome
        };
        match (side, outcome.is_pending()) {
            (Side::Reader, true) => self.receiving.note(Receiving::Settled),
            (Side::Reader, false) => self.receiving.note(Receiving::No),
            (Side::Writer | Side::Closed, _) => self.receiving.note_more(),
        }
        outcome
    }

    /// Visits the connection for a handle that is polled with another waker than the driver's.
    #[cold]
    fn visit_from_elsewhere<R>(
        &self,
        mut state: MutexGuard<'_, State<V>>,
        side: Side,
        waker: &Waker,
        poll: impl FnOnce(&mut V, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        // Registered before the poll: an event in between wakes it.
        state.others_wait = true;
        let registration = state.wakers().register(side, waker);
        if Driven::is(self) {
            // A future of the service, with a waker of its own.
            self.receiving.note_more();
        }
        self.visit_among_others(Some(registration), state, poll)
    }

    /// Visits the connection with a waker for all tasks that wait. `visitor` is the registration of
    /// the visiting task, unless that is the driver.
    #[cold]
    fn visit_among_others<R>(
        &self,
        visitor: Option<Waiter<'_>>,
        mut state: MutexGuard<'_, State<V>>,
        poll: impl FnOnce(&mut V, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let wakers = state.wakers().clone();
        let all = Waker::from(wakers.clone());
        let outcome = poll(&mut state.view, &mut Context::from_waker(&all));
        self.note_closed(&state);
        let news = state.view.take_news();
        drop(state);
        if outcome.is_ready()
            && let Some(visitor) = visitor
        {
            wakers.withdraw(visitor);
        }
        if news {
            // The visitor too: it may wait for the news beside what it has waited for here.
            wakers.wake_all();
        } else if outcome.is_ready() {
            // The socket may have forgotten what the other tasks wait for, and the driver is to
            // wait for what this visitor waited for.
            if Driven::is(self) {
                wakers.wake_others();
            } else {
                wakers.wake_all();
            }
        }
        outcome
    }

    /// Visits the connection for a change that needs no waiting, and wakes all tasks that wait.
    pub(crate) fn change<R>(&self, act: impl FnOnce(&mut State<V>) -> R) -> R {
        let mut state = self.lock();
        let outcome = act(&mut state);
        self.note_closed(&state);
        let others = state.wakers.clone();
        let driver = if Driven::is(self) {
            // The driver looks after this poll in any case.
            self.receiving.note_more();
            None
        } else {
            // Not within a poll of the service. No note here: that poll may be over already, and
            // the note would count for the next one.
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

    /// What the handles have done in the poll of the service that has just ended.
    #[inline]
    pub(crate) fn take_receiving(&self) -> Receiving {
        self.receiving.take()
    }

    /// Visits the connection without changing it.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut V) -> R) -> R {
        look(&mut self.lock().view)
    }

    /// Adds handles.
    pub(crate) fn add_handles(&self, count: u32) {
        self.lock().handles += count;
    }

    /// Drops a handle, after `last`. The driver closes the connection after the last one.
    pub(crate) fn drop_handle(&self, last: impl FnOnce(&mut V)) {
        self.change(|state| {
            last(&mut state.view);
            state.handles -= 1;
            if std::thread::panicking() {
                state.panicked = Panicked::Yes;
            }
        });
    }

    /// The driver stops. A task that still drives the connection is woken, and registers again.
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

impl<V> Shared<V> {
    /// Which connection it is.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
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
            self.others_wait = !self.wakers().has_only_driver();
        }
        replaced
    }

    pub(super) fn wakers(&mut self) -> &Arc<Wakers> {
        self.wakers.get_or_insert_with(|| Wakers::new(self.driver.clone()))
    }
}

/// Wakers that were replaced. To be dropped without the lock: a task may be dropped with its last
/// waker, and with it a handle, which takes the lock.
type Replaced = [Option<Waker>; 2];
