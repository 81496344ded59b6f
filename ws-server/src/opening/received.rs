//! Bytes that were read and not consumed by a step of the opening handshake.

use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, AsyncReadExt, ReadBuf};

use crate::runtime::pool;
use crate::socket::Socket;

/// How many bytes after the request head are read before it is answered. Clients of hixie-76 send 8
/// of them, others none.
const MOST_EARLY: usize = 512;

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

    /// Ready when the client has left, by ending or breaking its side of the connection. What it
    /// still sends is kept; after [`MOST_EARLY`] bytes nothing more is read.
    pub(super) fn poll_left(
        &mut self,
        socket: &mut Socket,
        cx: &mut Context<'_>,
    ) -> Poll<Disconnected> {
        loop {
            let mut space = [0; MOST_EARLY];
            let room = MOST_EARLY.saturating_sub(self.unread().len());
            if room == 0 {
                return Poll::Pending;
            }
            let mut read = ReadBuf::new(&mut space[..room]);
            match ready!(Pin::new(&mut *socket).poll_read(cx, &mut read)) {
                Ok(()) if read.filled().is_empty() => {
                    return Poll::Ready(Disconnected(ErrorKind::UnexpectedEof.into()));
                }
                Ok(()) => self.bytes.extend_from_slice(read.filled()),
                Err(error) => return Poll::Ready(Disconnected(error)),
            }
        }
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
