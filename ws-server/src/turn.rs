//! Turns: how much a task does before the others of its worker.
//!
//! The runtime lets a task go on for 128 reads and writes. A read of many bytes counts as several,
//! by the work that they are.

use std::task::{Context, Poll};

use tokio::task::coop::poll_proceed;

/// Bytes that may be frames, and tiny ones: half a megabyte in a turn.
const FRAMES_BYTES: usize = 4 * 1024;

/// Bytes that are only copied: four megabytes in a turn.
const COPIED_BYTES: usize = 32 * 1024;

/// Bytes on the wire that an extension has to make something of, which may be tables and little
/// else: eight kilobytes in a turn.
const TRANSFORMED_BYTES: usize = 64;

/// Pending when the turn is over; the task is woken when the others had theirs. Sockets that are
/// not the runtime's do not ask.
#[inline]
pub(crate) fn poll_continue(cx: &mut Context<'_>) -> Poll<()> {
    poll_proceed(cx).map(drop)
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

/// How many reads it is worth that an extension has made `payload` bytes of `wire` bytes.
pub(crate) fn transformed(wire: usize, payload: usize) -> usize {
    (wire.div_ceil(TRANSFORMED_BYTES) + payload.div_ceil(FRAMES_BYTES)).max(1)
}

/// When this ends the turn, the next read will be pending.
#[inline]
pub(crate) fn charge(cx: &mut Context<'_>, reads: usize) {
    for _ in 0..reads {
        match poll_proceed(cx) {
            Poll::Ready(turn) => turn.made_progress(),
            Poll::Pending => return,
        }
    }
}
