//! A connection that several tasks share.

use std::sync::atomic::{AtomicBool, Ordering};
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
    polled: Mutex<Polled<T>>,
    waiting: Arc<Waiting>,
    waker: Waker,
}

#[derive(Debug)]
struct Polled<T> {
    value: T,
    /// What was put into [`Waiting::tasks`], so that most polls need not look there.
    known: [Option<Waker>; SIDES],
}

/// Whether nothing has happened since the reader's poll began, which was pending.
///
/// Every change takes the value before it, so that each side sees what the other did first: a
/// reader that makes it quiet behind a wake-up also sees what the task was woken for. With a plain
/// store it could miss that, and nobody would look again.
#[derive(Debug, Default)]
struct Quiet(AtomicBool);

impl Quiet {
    #[inline]
    fn set(&self, quiet: bool) {
        self.0.swap(quiet, Ordering::AcqRel);
    }

    #[inline]
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[derive(Debug, Default)]
struct Waiting {
    tasks: Mutex<[Option<Waker>; SIDES]>,
    quiet: Quiet,
}

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Shared<T> {
        let waiting = Arc::new(Waiting::default());
        let waker = Waker::from(waiting.clone());
        let known = [const { None }; SIDES];
        Shared { polled: Mutex::new(Polled { value, known }), waiting, waker }
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
        // Dropped after the locks: what a task holds may go with its last waker.
        let mut _replaced = None;
        let mut polled = self.lock_polled();
        let Polled { value, known } = &mut *polled;
        let task = &mut known[side as usize];
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            let waiting = self.waiting.lock()[side as usize].replace(cx.waker().clone());
            _replaced = Some((task.replace(cx.waker().clone()), waiting));
        }
        if side == Side::Reader {
            // Before it is polled: what happens meanwhile counts.
            self.waiting.quiet.set(true);
        }
        let outcome = poll(value, &mut Context::from_waker(&self.waker));
        if side == Side::Reader && outcome.is_ready() {
            self.waiting.quiet.set(false);
            // The reader may be long in coming back: what happens meanwhile is the driver's.
            if let Some(driver) = &known[Side::Driver as usize]
                && !driver.will_wake(cx.waker())
            {
                driver.wake_by_ref();
            }
        }
        outcome
    }

    /// Whether the reader's last poll was pending, and nothing has happened since it began: what
    /// there was to do for the value, that poll has done.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.waiting.quiet.is_set()
    }

    /// Does what needs no waiting.
    #[inline]
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        act(&mut self.lock_polled().value)
    }

    #[inline]
    fn lock_polled(&self) -> MutexGuard<'_, Polled<T>> {
        // Nothing under this lock leaves the value half changed when it panics.
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes everybody who waits.
    pub(crate) fn wake(&self) {
        self.waker.wake_by_ref();
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, [Option<Waker>; SIDES]> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each task that waits, once.
    fn tasks(&self) -> [Option<Waker>; SIDES] {
        let mut distinct = [const { None::<Waker> }; SIDES];
        for (at, task) in self.lock().iter().enumerate() {
            let Some(task) = task else { continue };
            if !distinct[..at].iter().flatten().any(|other| other.will_wake(task)) {
                distinct[at] = Some(task.clone());
            }
        }
        distinct
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.quiet.set(false);
        for task in self.tasks().into_iter().flatten() {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

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

    #[test]
    fn wakes_a_driver_in_another_task_when_the_reader_has_what_it_waited_for() {
        let shared = Shared::new(());
        let (one, other) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
        wait(&shared, Side::Driver, &one);
        for (reader, woken) in [(&one, 0), (&other, 1)] {
            let waker = Waker::from(reader.clone());
            let read = |_: &mut (), _: &mut Context<'_>| Poll::Ready(());
            assert!(shared.poll(Side::Reader, &mut Context::from_waker(&waker), read).is_ready());
            assert_eq!(one.0.load(Ordering::Relaxed), woken);
        }
    }

    #[test]
    fn is_quiet_while_a_reader_waits_and_nothing_has_happened() {
        let shared = Shared::new(());
        let counter = Arc::new(Counter::default());
        wait(&shared, Side::Driver, &counter);
        assert!(!shared.is_quiet());
        wait(&shared, Side::Reader, &counter);
        assert!(shared.is_quiet());
        shared.wake();
        assert!(!shared.is_quiet());
        wait(&shared, Side::Reader, &counter);
        let waker = Waker::from(counter);
        let read = |_: &mut (), cx: &mut Context<'_>| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        };
        assert!(shared.poll(Side::Reader, &mut Context::from_waker(&waker), read).is_pending());
        assert!(!shared.is_quiet(), "something happened while it was polled");
        let read = |_: &mut (), _: &mut Context<'_>| Poll::Ready(());
        assert!(shared.poll(Side::Reader, &mut Context::from_waker(&waker), read).is_ready());
        assert!(!shared.is_quiet());
    }

    /// Two threads meet in each round; the order in which they do is theirs.
    #[test]
    fn a_reader_that_begins_to_wait_sees_what_it_is_woken_for_or_is_not_quiet() {
        const ROUNDS: usize = 200_000;
        let shared = Shared::new(());
        let (rung, begun, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let until = |count: &AtomicUsize, round: usize| {
            let mut tries: usize = 0;
            while count.load(Ordering::Acquire) < round {
                tries += 1;
                match tries % 1024 {
                    0 => std::thread::yield_now(),
                    _ => std::hint::spin_loop(),
                }
            }
        };
        let mut missed = 0;
        let stagger = |turns: usize| (0..turns).for_each(|_| std::hint::spin_loop());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    until(&begun, round);
                    stagger(round % 23);
                    rung.store(round, Ordering::Release);
                    shared.wake();
                    done.store(round, Ordering::Release);
                }
            });
            for round in 1..=ROUNDS {
                begun.store(round, Ordering::Release);
                stagger(round % 29);
                let mut seen = 0;
                let read = |_: &mut (), _: &mut Context<'_>| {
                    seen = rung.load(Ordering::Acquire);
                    Poll::<()>::Pending
                };
                let mut cx = Context::from_waker(Waker::noop());
                assert!(shared.poll(Side::Reader, &mut cx, read).is_pending());
                until(&done, round);
                missed += usize::from(shared.is_quiet() && seen != round);
            }
        });
        assert_eq!(missed, 0, "of {ROUNDS} rounds");
    }
}
