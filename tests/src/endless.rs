//! A client that never pauses.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A socket that always has something to read, until its client has said enough, and takes
/// whatever is written to it. It is never pending, and knows nothing of the runtime's budget.
#[derive(Debug)]
pub struct Endless {
    first: Vec<u8>,
    again: Vec<u8>,
    enough: usize,
    at: usize,
    taken: Arc<AtomicUsize>,
}

impl Endless {
    /// A client that sends `first`, and then `again` over and over, `enough` bytes in all; and how
    /// many of them were taken.
    pub fn new(first: &[u8], again: &[u8], enough: usize) -> (Endless, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let (first, again) = (first.to_vec(), again.to_vec());
        (Endless { first, again, enough, at: 0, taken: taken.clone() }, taken)
    }

    /// What comes next, as far as it lies in one piece.
    fn next(&self) -> &[u8] {
        if self.at >= self.enough {
            return &[];
        }
        match self.at.checked_sub(self.first.len()) {
            Some(behind) => &self.again[behind % self.again.len()..],
            None => &self.first[self.at..],
        }
    }
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while buf.remaining() > 0 && !self.next().is_empty() {
            let count = self.next().len().min(buf.remaining());
            buf.put_slice(&self.next()[..count]);
            self.at += count;
        }
        self.taken.store(self.at, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
