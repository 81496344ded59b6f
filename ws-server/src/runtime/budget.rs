//! The budget of a task: how much it does before the other tasks of its worker run.
//!
//! The runtime lets a task go on for 128 reads and writes. A read of many bytes counts as several,
//! by the work that they are.

use std::task::{Context, Poll};

use tokio::task::coop::{has_budget_remaining, poll_proceed};
use ws_core::connection::Work;

/// Bytes that may be frames, and tiny ones: half a megabyte in a budget.
const FRAMES_BYTES: usize = 4 * 1024;

/// Bytes that are only copied: four megabytes in a budget.
const COPIED_BYTES: usize = 32 * 1024;

/// Bytes on the wire that an extension has to make something of, which may be tables and little
/// else: eight kilobytes in a budget.
const TRANSFORMED_BYTES: usize = 64;

/// Bytes that an extension has to encode: sixty-four kilobytes in a budget.
const ENCODED_BYTES: usize = 512;

/// Pending when the budget is used up; the task is woken when the others have run. Sockets that are
/// not the runtime's do not ask.
#[inline]
pub(crate) fn poll_continue(cx: &mut Context<'_>) -> Poll<()> {
    poll_proceed(cx).map(drop)
}

/// Whether something of the budget is left: what is pending then is so for a reason of its own.
pub(crate) fn is_left() -> bool {
    has_budget_remaining()
}

/// Counts bytes that were read to be decoded, or come behind the end of a connection.
#[inline]
pub(crate) fn charge_frames(cx: &mut Context<'_>, bytes: usize) {
    charge(cx, bytes.div_ceil(FRAMES_BYTES));
}

/// Counts bytes that were read to be passed on as they are.
#[inline]
pub(crate) fn charge_copied(cx: &mut Context<'_>, bytes: usize) {
    charge(cx, bytes.div_ceil(COPIED_BYTES));
}

/// Counts what extensions have done.
pub(crate) fn charge_work(cx: &mut Context<'_>, work: Work) {
    let decoded = work.wire.div_ceil(TRANSFORMED_BYTES) + work.decoded.div_ceil(FRAMES_BYTES);
    charge(cx, decoded.max(work.steps) + work.encoded.div_ceil(ENCODED_BYTES));
}

/// When this uses the budget up, the next read is pending.
#[inline]
pub(crate) fn charge(cx: &mut Context<'_>, reads: usize) {
    for _ in 0..reads {
        match poll_proceed(cx) {
            Poll::Ready(unit) => unit.made_progress(),
            Poll::Pending => return,
        }
    }
}
