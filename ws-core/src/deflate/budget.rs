//! The memory that all connections share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much memory there is, and how much of it is taken.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    ledger: Arc<Ledger>,
}

#[derive(Debug)]
struct Ledger {
    limit: usize,
    taken: AtomicUsize,
}

/// Memory that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    ledger: Arc<Ledger>,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Budget {
        Budget { ledger: Arc::new(Ledger { limit, taken: AtomicUsize::new(0) }) }
    }

    /// Takes memory if there is room for it. None at all is to be had while more is taken than
    /// there should be.
    pub(super) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let reservation = self.charge(bytes);
        // One too many gives way at once; two that come together may both do so.
        let taken = self.ledger.taken.load(Ordering::Relaxed);
        (taken <= self.ledger.limit).then_some(reservation)
    }

    /// Takes memory, whether there is room or not.
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
