//! The memory that the contexts of all connections share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A memory limit, and how much of it is reserved. Clones share both.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    ledger: Arc<Ledger>,
}

#[derive(Debug)]
struct Ledger {
    limit: usize,
    /// The sum of all reservations, in bytes. Over `limit` only by what was
    /// [charged](Budget::charge), or for a moment within [`reserve`](Budget::reserve).
    taken: AtomicUsize,
}

/// Memory that is reserved until this is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    ledger: Arc<Ledger>,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Budget {
        Budget { ledger: Arc::new(Ledger { limit, taken: AtomicUsize::new(0) }) }
    }

    /// Reserves memory within the limit. While the limit is exceeded, not even 0 bytes can be
    /// reserved.
    pub(super) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let reservation = self.charge(bytes);
        // A reservation over the limit is dropped again. Two concurrent ones may both fail where
        // one would fit.
        let taken = self.ledger.taken.load(Ordering::Relaxed);
        (taken <= self.ledger.limit).then_some(reservation)
    }

    /// Reserves memory, even over the limit.
    pub(super) fn charge(&self, bytes: usize) -> Reservation {
        self.ledger.taken.fetch_add(bytes, Ordering::Relaxed);
        Reservation { ledger: self.ledger.clone(), bytes }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.ledger.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_never_more_than_there_is() {
        let budget = Budget::new(10);
        let first = budget.reserve(6);
        assert!(first.is_some());
        assert!(budget.reserve(5).is_none());
        let second = budget.reserve(4);
        assert!(second.is_some());
        assert!(budget.reserve(0).is_some());
        drop(first);
        assert!(budget.reserve(6).is_some());
    }

    #[test]
    fn what_is_charged_beyond_leaves_nothing_to_reserve() {
        let budget = Budget::new(10);
        let charged = budget.charge(11);
        assert!(budget.reserve(0).is_none());
        drop(charged);
        assert!(budget.reserve(10).is_some());
    }
}
