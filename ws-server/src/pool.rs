//! Buffers that belong to the worker thread, not to a connection.
//!
//! A connection takes one when its socket may have something and gives it back as soon as
//! nothing is left in it, so ten thousand idle connections hold none.

use std::cell::RefCell;
use std::thread::LocalKey;

/// The size of a read buffer: a 64 KiB message and its header lie in it whole.
const READ_BYTES: usize = 128 * 1024;

/// The capacity a send buffer begins with.
const SEND_BYTES: usize = 16 * 1024;

/// A send buffer that has grown beyond this is not kept.
const SEND_KEPT_BYTES: usize = 256 * 1024;

/// How many buffers of each kind a worker keeps.
const KEPT: usize = 8;

thread_local! {
    static READ: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
    static SEND: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A read buffer; initialised once in its life, not once per read.
#[inline]
pub(crate) fn take_read() -> Box<[u8]> {
    READ.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; READ_BYTES].into_boxed_slice())
}

/// Gives a read buffer back.
#[inline]
pub(crate) fn give_read(storage: Box<[u8]>) {
    if storage.len() == READ_BYTES {
        give(&READ, storage);
    }
}

/// An empty send buffer.
#[inline]
pub(crate) fn take_send() -> Vec<u8> {
    SEND.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(SEND_BYTES))
}

/// Gives a send buffer back.
#[inline]
pub(crate) fn give_send(storage: Vec<u8>) {
    if storage.capacity() <= SEND_KEPT_BYTES {
        give(&SEND, storage);
    }
}

#[inline]
fn give<T>(pool: &'static LocalKey<RefCell<Vec<T>>>, storage: T) {
    // A connection may end with its thread, when the pool is gone already.
    let _kept = pool.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < KEPT {
            kept.push(storage);
        }
    });
}
