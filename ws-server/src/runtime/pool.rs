//! Buffers that belong to the worker thread, not to a connection.
//!
//! A connection takes one when its socket may have something and gives it back as soon as
//! nothing is left in it, so ten thousand idle connections hold none.

use std::cell::RefCell;
use std::thread::LocalKey;

use ws_core::Batch;

/// The size of a read buffer: a 64 KiB message and its header lie in it whole.
const READ_BYTES: usize = 128 * 1024;

/// The capacity of a send buffer; one that has grown is not kept.
const SEND_BYTES: usize = 256 * 1024;

/// How many buffers of each kind a worker has.
const BUFFERS: usize = 8;

/// The sizes of those that are made when all are lent. They are others, so that these are not kept.
const MORE_READ_BYTES: usize = READ_BYTES / 2;
const MORE_SEND_BYTES: usize = 24 * 1024;

// A worker has its buffers from its first connection on. What is not used of them is no memory but
// addresses. One that was kept of those made later could lie above all that the heap has had to
// hold since, which could not shrink then.
thread_local! {
    static READ: RefCell<Vec<Batch>> =
        RefCell::new((0..BUFFERS).map(|_| new_read(READ_BYTES)).collect());
    static SEND: RefCell<Vec<Vec<u8>>> =
        RefCell::new((0..BUFFERS).map(|_| Vec::with_capacity(SEND_BYTES)).collect());
}

/// A read buffer; initialised once in its life, not once per read.
#[inline]
pub(crate) fn take_read() -> Batch {
    READ.with_borrow_mut(Vec::pop).unwrap_or_else(|| new_read(MORE_READ_BYTES))
}

#[cold]
fn new_read(size: usize) -> Batch {
    Batch::new(vec![0; size].into_boxed_slice())
}

/// Gives a read buffer back.
#[inline]
pub(crate) fn give_read(batch: impl Into<Option<Batch>>) {
    if let Some(batch) = batch.into().and_then(emptied) {
        give(&READ, batch);
    }
}

/// A read buffer without what was in it; `None` for one that is not kept.
#[inline]
pub(crate) fn emptied(mut batch: Batch) -> Option<Batch> {
    if batch.capacity() != READ_BYTES {
        return None;
    }
    batch.clear();
    Some(batch)
}

/// How many read buffers this worker has.
#[cfg(all(test, feature = "rfc6455"))]
pub(crate) fn read_buffers() -> usize {
    READ.with_borrow(Vec::len)
}

/// An empty send buffer.
#[inline]
pub(crate) fn take_send() -> Vec<u8> {
    SEND.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(MORE_SEND_BYTES))
}

/// Gives a send buffer back.
#[inline]
pub(crate) fn give_send(storage: Vec<u8>) {
    if storage.capacity() == SEND_BYTES {
        give(&SEND, storage);
    }
}

#[inline]
fn give<T>(pool: &'static LocalKey<RefCell<Vec<T>>>, storage: T) {
    // A connection may end with its thread, when the pool is gone already.
    let _kept = pool.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < BUFFERS {
            kept.push(storage);
        }
    });
}
