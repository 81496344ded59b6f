//! An estimate of the bytes that the socket has accepted and the peer has not received yet.

use std::time::{Duration, Instant};

/// The lowest rate at which a peer is expected to receive, in bytes per second. A slower peer may
/// lose bytes in transit when the connection ends.
const LEAST_RATE: u64 = 128 * 1024;

/// The most bytes that can be in transit, in the socket buffers of both systems.
const MOST: u64 = 4 * 1024 * 1024;

/// How many sent bytes are worth reading the clock; fewer are not counted.
const MARK: u32 = 64 * 1024;

/// A leaky bucket: sent bytes fill it, and it drains at [`LEAST_RATE`]. Its level estimates the
/// bytes in transit to a peer that receives at that rate, to within [`MARK`] bytes.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Bytes that were sent since `marked` was set. Below [`MARK`] between two calls.
    unmarked: u32,
    /// Bytes that were sent since the last [`watch`](Backlog::watch), saturating.
    watched: u32,
    /// The level of the bucket when it was last computed. `None` until [`MARK`] bytes were sent;
    /// boxed because most connections never send that many.
    marked: Option<Box<Mark>>,
}

/// The level of the bucket at a time.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Instant,
    /// In bytes; never over [`MOST`].
    level: u64,
}

impl Backlog {
    /// Reports that the socket accepted `count` bytes. `clock` is called once in [`MARK`] bytes.
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
        let mark = Mark { at: now, level };
        match &mut self.marked {
            Some(marked) => **marked = mark,
            None => self.marked = Some(Box::new(mark)),
        }
        self.unmarked = 0;
    }

    /// Starts to measure how many bytes the socket accepts.
    pub(super) fn watch(&mut self) {
        self.watched = 0;
    }

    /// Whether the socket has accepted bytes at [`LEAST_RATE`] or faster in the `time` since the
    /// last [`watch`](Backlog::watch).
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

    /// How long the peer may need at [`LEAST_RATE`] for the bytes in transit and for `unsent` bytes
    /// that the socket has not accepted; these count from [`MARK`] on.
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
        backlog.sent(MARK as usize - 1, || unreachable!("the clock is not read"));
        assert_eq!(backlog.time(now, 0), Duration::ZERO);
        for _ in 0..1000 {
            backlog.sent(1 << 20, || now);
        }
        assert_eq!(backlog.time(now, 0), Duration::from_secs(MOST / LEAST_RATE));
    }
}
