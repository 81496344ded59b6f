//! A byte stream in memory that is pending before each operation, and an executor for one future.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How often a future is polled before it counts as stuck.
const PATIENCE: usize = 100_000;

/// Reads return `incoming` in pieces, and writes are kept. Each is pending once before it.
#[derive(Debug)]
pub(super) struct Hesitant<'i> {
    incoming: &'i [u8],
    pub(super) written: Vec<u8>,
    piece: usize,
    ready: bool,
}

impl<'i> Hesitant<'i> {
    /// A stream that reads and writes at most `piece` bytes at a time.
    pub(super) fn new(incoming: &'i [u8], piece: usize) -> Hesitant<'i> {
        Hesitant { incoming, written: Vec::new(), piece, ready: false }
    }

    /// What was not read.
    pub(super) fn left(&self) -> &'i [u8] {
        self.incoming
    }

    fn hesitate(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.ready = !self.ready;
        if self.ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Hesitant<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.hesitate(cx).is_pending() {
            return Poll::Pending;
        }
        let count = self.piece.min(buffer.remaining()).min(self.incoming.len());
        let (given, rest) = self.incoming.split_at(count);
        buffer.put_slice(given);
        self.incoming = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Hesitant<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.hesitate(cx).is_pending() {
            return Poll::Pending;
        }
        let count = bytes.len().min(self.piece);
        self.written.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs a future that only waits for a [`Hesitant`] stream.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..PATIENCE {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("`finish` waits forever");
}
