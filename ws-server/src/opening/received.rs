//! Bytes that were read and not consumed by a step of the opening handshake.

use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncReadExt;

use super::read_until::Disconnected;
use crate::runtime::pool;
use crate::socket::Socket;

/// Received bytes, in a buffer of the worker while they are read. While the socket has nothing more
/// to read, only what has arrived is kept.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// A buffer of the worker, or memory of its own without spare capacity.
    bytes: Vec<u8>,
}

impl Received {
    /// Reads more; the bytes that were there before stay in front.
    pub(super) fn poll_read(
        &mut self,
        socket: &mut Socket,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        if self.bytes.spare_capacity_mut().is_empty() {
            let mut storage = pool::take_send();
            storage.extend_from_slice(&self.bytes);
            self.bytes = storage;
        }
        let outcome = pin!(socket.read_buf(&mut self.bytes)).poll(cx);
        if !matches!(outcome, Poll::Ready(Ok(1..))) {
            self.release();
        }
        Poll::Ready(match ready!(outcome) {
            Ok(0) => Err(Disconnected(std::io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(Disconnected(error)),
        })
    }

    /// Returns the buffer to the worker, and keeps what is in it.
    pub(super) fn release(&mut self) {
        let kept = self.bytes.to_vec();
        let mut storage = std::mem::replace(&mut self.bytes, kept);
        storage.clear();
        pool::give_send(storage);
    }

    /// Takes the bytes.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.release();
        std::mem::take(&mut self.bytes)
    }
}

impl Deref for Received {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Received {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.bytes.clear();
        self.release();
    }
}
