//! What the peer may still have to take of what the socket took.

use std::time::{Duration, Instant};

/// Bytes that a peer takes in a second at least; who is slower may lose what is still under way
/// when the connection ends.
const LEAST_RATE: u64 = 128 * 1024;

/// So much may lie between a socket and its peer, in the buffers of both systems.
const MOST: u64 = 4 * 1024 * 1024;

/// So many bytes are worth a look at the clock; fewer are not counted.
const MARK: u32 = 64 * 1024;

/// An upper bound of what a peer has still to take, if it takes as much as it should: what was sent
/// flows in, and flows out again at the least rate.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// How much was sent since it was marked.
    unmarked: u32,
    /// How much was sent since it is watched.
    watched: u32,
    /// Boxed: most connections never have one.
    marked: Option<Box<Mark>>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Instant,
    level: u64,
}

impl Backlog {
    /// The socket took so many bytes. `clock` is asked now and then.
    #[inline]
    pub(super) fn sent(&mut self, count: usize, clock: impl FnOnce() -> Instant) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.unmarked = self.unmarked.saturating_add(count);
        self.watched = self.watched.saturating_add(count);
        if self.unmarked >= MARK {
            self.mark(clock());
        }
    }

    #[cold]
    fn mark(&mut self, now: Instant) {
        let level = (self.level(now) + u64::from(self.unmarked)).min(MOST);
        self.marked = Some(Box::new(Mark { at: now, level }));
        self.unmarked = 0;
    }

    /// Watches from now on how much the socket takes.
    pub(super) fn watch(&mut self) {
        self.watched = 0;
    }

    /// Whether the socket has taken as much as it should since then, in this time.
    pub(super) fn is_taken(&self, time: Duration) -> bool {
        u128::from(self.watched) * 1000 >= u128::from(LEAST_RATE) * time.as_millis()
    }

    fn level(&self, now: Instant) -> u64 {
        self.marked.as_ref().map_or(0, |mark| {
            let Mark { at, level } = **mark;
            let taken = now.saturating_duration_since(at).as_millis() * u128::from(LEAST_RATE);
            level.saturating_sub(u64::try_from(taken / 1000).unwrap_or(u64::MAX))
        })
    }

    /// How long the peer may need for what it has still to take, with `unsent` bytes that the
    /// socket has not taken.
    pub(super) fn time(&self, now: Instant, unsent: usize) -> Duration {
        let counted = if unsent >= MARK as usize { unsent as u64 } else { 0 };
        Duration::from_millis((self.level(now) + counted) * 1000 / LEAST_RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_was_sent_is_taken_at_the_least_rate() {
        let now = Instant::now();
        let mut backlog = Backlog::default();
        backlog.sent(3 * LEAST_RATE as usize, || now);
        assert_eq!(backlog.time(now, 0), 3 * SECOND);
        assert_eq!(backlog.time(now + SECOND, 0), 2 * SECOND);
        backlog.sent(LEAST_RATE as usize, || now + 2 * SECOND);
        assert_eq!(backlog.time(now + 2 * SECOND, 0), 2 * SECOND);
        assert_eq!(backlog.time(now + 9 * SECOND, 0), Duration::ZERO);
        assert_eq!(backlog.time(now + 9 * SECOND, LEAST_RATE as usize), SECOND);
    }

    #[test]
    fn is_taken_when_it_is_taken_at_the_least_rate() {
        let mut backlog = Backlog::default();
        backlog.sent(LEAST_RATE as usize, Instant::now);
        backlog.watch();
        for (count, taken) in [(LEAST_RATE as usize, false), (LEAST_RATE as usize, true)] {
            backlog.sent(count, Instant::now);
            assert_eq!(backlog.is_taken(2 * SECOND), taken);
        }
    }

    #[test]
    fn little_is_not_counted_and_much_is_bounded() {
        let now = Instant::now();
        let mut backlog = Backlog::default();
        backlog.sent(MARK as usize - 1, || unreachable!("no look at the clock"));
        assert_eq!(backlog.time(now, 0), Duration::ZERO);
        for _ in 0..1000 {
            backlog.sent(1 << 20, || now);
        }
        assert_eq!(backlog.time(now, 0), Duration::from_secs(MOST / LEAST_RATE));
    }
}
