//! Bytes that were read and not consumed by a step of the opening handshake.

use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncReadExt;

use crate::runtime::pool;
use crate::socket::Socket;

/// The connection ended or failed before enough bytes were received.
#[derive(Debug)]
pub(super) struct Disconnected(pub(super) io::Error);

/// Received bytes, in a buffer of the worker while they are read. While the socket has nothing more
/// to read, only what has arrived is kept.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// A buffer of the worker, or memory of its own without spare capacity.
    bytes: Vec<u8>,
    /// How many bytes at the front are consumed; at most `bytes.len()`.
    consumed: usize,
}

impl Received {
    /// The bytes that are not consumed.
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.consumed..]
    }

    /// Marks `count` bytes of those as consumed.
    pub(super) fn consume(&mut self, count: usize) {
        self.consumed = (self.consumed + count).min(self.bytes.len());
    }

    /// Reads more, after what is unread.
    pub(super) fn poll_read(
        &mut self,
        socket: &mut Socket,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        if self.bytes.spare_capacity_mut().is_empty() {
            let mut storage = pool::take_send();
            storage.extend_from_slice(self.unread());
            (self.bytes, self.consumed) = (storage, 0);
        }
        let outcome = pin!(socket.read_buf(&mut self.bytes)).poll(cx);
        if !matches!(outcome, Poll::Ready(Ok(1..))) {
            self.release();
        }
        Poll::Ready(match ready!(outcome) {
            Ok(0) => Err(Disconnected(ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(Disconnected(error)),
        })
    }

    /// Returns the buffer to the worker, and keeps what is unread.
    pub(super) fn release(&mut self) {
        let kept = self.unread().to_vec();
        let mut storage = std::mem::replace(&mut self.bytes, kept);
        self.consumed = 0;
        storage.clear();
        pool::give_send(storage);
    }

    /// Takes what is unread.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.release();
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.bytes.clear();
        self.consumed = 0;
        self.release();
    }
}
