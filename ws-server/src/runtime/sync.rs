//! The locks and atomics of what several tasks share; under `ws_loom` those of `loom`.

use std::sync::PoisonError;
#[cfg(not(ws_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

#[cfg(ws_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

/// Locks a mutex, whether or not it is poisoned: no code under these locks leaves the value in an
/// inconsistent state when it panics.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
