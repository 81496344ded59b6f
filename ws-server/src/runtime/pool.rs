//! A pool of buffers for each worker thread.
//!
//! A connection takes a buffer when its socket may have something to read, and returns it as soon
//! as nothing is left in it: ten thousand idle connections hold none.

use std::cell::RefCell;
use std::thread::LocalKey;

use ws_core::Batch;

/// The size of a read buffer: a message of 64 KiB and its header fit into it.
const READ_BYTES: usize = 128 * 1024;

/// The capacity of a send buffer; one that has grown beyond it is not kept.
const SEND_BYTES: usize = 256 * 1024;

/// How many buffers of each kind a worker keeps.
const BUFFERS: usize = 8;

/// The sizes of buffers that are allocated when all others are in use. They differ from the sizes
/// above, so that these buffers are not kept.
const MORE_READ_BYTES: usize = READ_BYTES / 2;
const MORE_SEND_BYTES: usize = 24 * 1024;

// A worker allocates all its buffers with its first connection. The pages of them that are never
// written take address space, but no memory. Buffers allocated later are not kept: one that is at
// the top of the heap would prevent the heap from shrinking.
thread_local! {
    /// At most [`BUFFERS`], each of [`READ_BYTES`] and without messages.
    static READ: RefCell<Vec<Batch>> =
        RefCell::new((0..BUFFERS).map(|_| new_read(READ_BYTES)).collect());
    /// At most [`BUFFERS`], each empty and with a capacity of [`SEND_BYTES`].
    static SEND: RefCell<Vec<Vec<u8>>> =
        RefCell::new((0..BUFFERS).map(|_| Vec::with_capacity(SEND_BYTES)).collect());
}

/// Takes a read buffer. It was zeroed once, when it was allocated, and not for each read.
#[inline]
pub(crate) fn take_read() -> Batch {
    READ.with_borrow_mut(Vec::pop).unwrap_or_else(|| new_read(MORE_READ_BYTES))
}

#[cold]
fn new_read(size: usize) -> Batch {
    Batch::new(vec![0; size].into_boxed_slice())
}

/// Returns a read buffer; what is in it is dropped.
#[inline]
pub(crate) fn give_read(batch: impl Into<Option<Batch>>) {
    if let Some(batch) = batch.into().and_then(emptied) {
        give(&READ, batch);
    }
}

/// Empties a read buffer; `None` for one that is not of the size to be kept.
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

/// Takes an empty send buffer.
#[inline]
pub(crate) fn take_send() -> Vec<u8> {
    SEND.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(MORE_SEND_BYTES))
}

/// Returns a send buffer, which must be empty.
#[inline]
pub(crate) fn give_send(storage: Vec<u8>) {
    if storage.capacity() == SEND_BYTES {
        give(&SEND, storage);
    }
}

#[inline]
fn give<T>(pool: &'static LocalKey<RefCell<Vec<T>>>, storage: T) {
    // A connection may be dropped with its thread, after the pool was destroyed.
    let _kept = pool.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < BUFFERS {
            kept.push(storage);
        }
    });
}
