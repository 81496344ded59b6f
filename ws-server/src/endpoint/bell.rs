//! What a timer and the stop ring, and how a connection knows that nobody has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::{Wake, Waker};

/// How many counts there are: few, so that they stay in the caches, and so many that the ringing of
/// ten thousand others is seldom a connection's business.
const GROUPS: usize = 256;

/// How often connections of each group have been rung. While the count of its group stands still, a
/// connection does not look at its own timer, whose memory has left the caches by the time that it
/// has something to do.
///
/// Nothing that has rung is missed: a timer notes that its time has come, then the count moves, then
/// the task is woken. Who sees the old count will be woken, and who sees the new one sees the timer.
static RUNG: Counts = Counts([const { AtomicUsize::new(0) }; GROUPS]);

/// A line of the caches is shared with nothing else.
#[repr(align(64))]
struct Counts([AtomicUsize; GROUPS]);

/// Connections that are rung together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group(u8);

impl Group {
    /// The groups in turn.
    pub(super) fn next() -> Group {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        Group(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// How often it has been rung.
    #[inline]
    pub(super) fn rung(self) -> usize {
        self.count().load(Ordering::Acquire)
    }

    /// A waker that counts, and wakes `task`.
    pub(super) fn bell(self, task: &Waker) -> Waker {
        Waker::from(Arc::new(Bell { group: self, task: task.clone() }))
    }

    #[inline]
    fn count(self) -> &'static AtomicUsize {
        &RUNG.0[usize::from(self.0)]
    }
}

struct Bell {
    group: Group,
    task: Waker,
}

impl Wake for Bell {
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
    use super::*;

    /// What the count was when the task was woken.
    struct Seen(Group, AtomicUsize);

    impl Wake for Seen {
        fn wake(self: Arc<Self>) {
            self.1.store(self.0.rung(), Ordering::Relaxed);
        }
    }

    #[test]
    fn a_task_that_is_woken_finds_that_the_count_of_its_group_has_moved() {
        let group = Group::next();
        let before = group.rung();
        let seen = Arc::new(Seen(group, AtomicUsize::new(0)));
        group.bell(&Waker::from(seen.clone())).wake();
        assert!(seen.1.load(Ordering::Relaxed) > before);
    }
}
