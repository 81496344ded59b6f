//! The cooperative budget of a task: how much it does before it yields to the worker's other tasks.
//!
//! Tokio gives a task a budget of 128 operations, reads and writes, for each poll
//! ([`tokio::task::coop`]). Here a read of many bytes is charged as several, by the work that the
//! bytes cause.

use std::task::{Context, Poll};

use tokio::task::coop::{has_budget_remaining, poll_proceed};
use ws_core::connection::Work;

/// Bytes for one operation that may be frames, even tiny ones: 512 KiB in a budget.
const FRAMES_BYTES: usize = 4 * 1024;

/// Bytes for one operation that are only copied: 4 MiB in a budget.
const COPIED_BYTES: usize = 32 * 1024;

/// Bytes on the wire for one operation that an extension has to decode, which may be mostly Huffman
/// tables: 8 KiB in a budget.
const TRANSFORMED_BYTES: usize = 64;

/// Bytes for one operation that an extension has to encode: 64 KiB in a budget.
const ENCODED_BYTES: usize = 512;

/// Pending when the budget is used up; the task is woken to run again after the others. To be
/// called before reading, since only the sockets of the runtime check the budget themselves.
#[inline]
pub(crate) fn poll_continue(cx: &mut Context<'_>) -> Poll<()> {
    poll_proceed(cx).map(drop)
}

/// Whether some of the budget is left: then a pending operation waits for something else.
pub(crate) fn is_left() -> bool {
    has_budget_remaining()
}

/// Charges bytes that were read to be decoded, or after the end of the connection.
#[inline]
pub(crate) fn charge_frames(cx: &mut Context<'_>, bytes: usize) {
    charge(cx, bytes.div_ceil(FRAMES_BYTES));
}

/// Charges bytes that were read or written without being decoded.
#[inline]
pub(crate) fn charge_copied(cx: &mut Context<'_>, bytes: usize) {
    charge(cx, bytes.div_ceil(COPIED_BYTES));
}

/// Charges what extensions have done.
pub(crate) fn charge_work(cx: &mut Context<'_>, work: Work) {
    let decoded = work.wire.div_ceil(TRANSFORMED_BYTES) + work.decoded.div_ceil(FRAMES_BYTES);
    charge(cx, decoded.max(work.steps) + work.encoded.div_ceil(ENCODED_BYTES));
}

/// Charges this many operations. When this uses the budget up, the next operation is pending.
#[inline]
pub(crate) fn charge(cx: &mut Context<'_>, reads: usize) {
    for _ in 0..reads {
        match poll_proceed(cx) {
            Poll::Ready(unit) => unit.made_progress(),
            Poll::Pending => return,
        }
    }
}
