//! Turns: how much a task does before the others of its worker.

use std::task::{Context, Poll};

use tokio::task::coop::poll_proceed;

/// A read of more bytes counts as several. The runtime lets a task go on for 128 of its reads and
/// writes, which is half a megabyte then.
const READ_BYTES: usize = 4 * 1024;

/// Pending when the turn is over; the task is woken when the others had theirs. Sockets that are
/// not the runtime's do not ask.
#[inline]
pub(crate) fn poll_continue(cx: &mut Context<'_>) -> Poll<()> {
    poll_proceed(cx).map(drop)
}

/// Counts bytes that were read. When the turn is over, the next read will be pending until the
/// others had theirs.
#[inline]
pub(crate) fn charge(cx: &mut Context<'_>, bytes: usize) {
    for _ in 0..bytes.div_ceil(READ_BYTES) {
        match poll_proceed(cx) {
            Poll::Ready(turn) => turn.made_progress(),
            Poll::Pending => return,
        }
    }
}
