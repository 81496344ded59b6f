//! How a task knows that it need not look at what seldom happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Wake, Waker};

/// How many counts there are, one for each [`Group`]: few, so that they stay in the
/// caches, and so many that what rings for ten thousand others is seldom anybody's business.
const GROUPS: usize = u8::MAX as usize + 1;

/// How often each group of bells has rung.
static RUNG: Counts = Counts([const { AtomicU32::new(0) }; GROUPS]);

/// Its lines of the caches hold nothing but counts.
#[repr(align(64))]
struct Counts([AtomicU32; GROUPS]);

/// Stands between a task and something that seldom happens, a timer or the server's
/// stop. As long as the bell is quiet nobody looks there: its memory has left the
/// caches by the time the task has something to do.
///
/// Nothing is missed. First it happens, then the count of the group moves, then the task is woken:
/// who sees the old count will be woken, and who sees the new one looks.
#[derive(Debug)]
pub(crate) struct Bell {
    group: Group,
    /// The count of the group before the task looked.
    rung: u32,
    /// Who listens, and is woken.
    task: Option<Waker>,
}

impl Bell {
    /// A bell that nobody listens to.
    pub(crate) fn new() -> Bell {
        Bell { group: Group::next(), rung: 0, task: None }
    }

    /// Whether the task listens, and there is nothing to look at.
    #[inline]
    pub(crate) fn is_quiet(&self, task: &Waker) -> bool {
        self.rung == self.group.rung() && self.is_heard_by(task)
    }

    /// Whether the task listens: what it waited for at its last look rings still.
    #[inline]
    pub(crate) fn is_heard_by(&self, task: &Waker) -> bool {
        self.task.as_ref().is_some_and(|listening| listening.will_wake(task))
    }

    /// The count of its group, to be taken before a look.
    pub(crate) fn rung(&self) -> u32 {
        self.group.rung()
    }

    /// What is to be woken when there is something to look at: it rings, and wakes the task.
    pub(crate) fn waker(&self, task: &Waker) -> Waker {
        Waker::from(Arc::new(Clapper { group: self.group, task: task.clone() }))
    }

    /// After a look that found nothing: the task listens from the count on that was taken before.
    pub(crate) fn listen(&mut self, rung: u32, task: &Waker) {
        self.rung = rung;
        if !self.is_heard_by(task) {
            self.task = Some(task.clone());
        }
    }

    /// Nobody listens any more: the next thing is to look.
    pub(crate) fn leave(&mut self) {
        self.task = None;
    }
}

/// Bells that ring together.
#[derive(Debug, Clone, Copy)]
struct Group(u8);

impl Group {
    /// The groups in turn.
    fn next() -> Group {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        Group(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    #[inline]
    fn rung(self) -> u32 {
        self.count().load(Ordering::Acquire)
    }

    #[inline]
    fn count(self) -> &'static AtomicU32 {
        &RUNG.0[usize::from(self.0)]
    }
}

struct Clapper {
    group: Group,
    task: Waker,
}

impl Wake for Clapper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.group.count().fetch_add(1, Ordering::Release);
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A task, and what it finds when it is woken.
    struct Task {
        bell: Mutex<Bell>,
        found_quiet: Mutex<Option<bool>>,
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            let mut bell = self.bell.lock().unwrap();
            let quiet = bell.is_quiet(&Waker::from(self.clone()));
            *self.found_quiet.lock().unwrap() = Some(quiet);
            bell.leave();
        }
    }

    #[test]
    fn rings_before_it_wakes_the_task() {
        let (bell, found_quiet) = (Mutex::new(Bell::new()), Mutex::new(None));
        let task = Arc::new(Task { bell, found_quiet });
        let waker = Waker::from(task.clone());
        let mut bell = task.bell.lock().unwrap();
        assert!(!bell.is_quiet(&waker), "nobody has looked yet");
        let (rung, rings) = (bell.rung(), bell.waker(&waker));
        bell.listen(rung, &waker);
        assert!(bell.is_heard_by(&waker) && !bell.is_heard_by(Waker::noop()));
        drop(bell);
        rings.wake();
        assert_eq!(*task.found_quiet.lock().unwrap(), Some(false));
    }

    #[test]
    fn rings_for_a_look_that_began_before() {
        let mut bell = Bell::new();
        let rung = bell.rung();
        bell.waker(Waker::noop()).wake();
        bell.listen(rung, Waker::noop());
        assert!(!bell.is_quiet(Waker::noop()));
    }
}
