//! Messages that were received, and that the handle returns next.

use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{Batch, Message, MessageRef, ProtocolError};

use super::state::MessageState;
use crate::error::RecvError;
use crate::runtime::pool;

/// The messages of one visit to the connection: the handle returns them without locking it again.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The messages not taken yet, in a read buffer of the worker or, if they were read ahead, in
    /// memory of their own. It holds no memory once the last of them was taken; if that was lent,
    /// from the next [`poll_fill`](Inbox::poll_fill) on.
    batch: Batch,
}

impl Inbox {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// How many bytes of payload its messages have.
    pub(super) fn payload_len(&self) -> usize {
        self.batch.payload_len()
    }

    /// Waits for the next messages; all earlier ones must be taken. `None` at the end.
    #[inline]
    pub(super) fn poll_fill<IO: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        connection: &mut MessageState<IO>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(), RecvError>>> {
        connection.endpoint().recycle(std::mem::take(&mut self.batch));
        Poll::Ready(match ready!(connection.poll_batch(cx)) {
            Ok(Some(batch)) => {
                self.batch = batch;
                Some(Ok(()))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        })
    }

    /// The next message, borrowed until the next call.
    ///
    /// # Errors
    /// A text that is not UTF-8: the caller must fail the connection with it.
    #[inline]
    pub(super) fn lend(&mut self) -> Option<Result<MessageRef<'_>, ProtocolError>> {
        self.batch.lend()
    }

    /// Takes the next message. `fail` is called for a text that is not UTF-8, and must fail the
    /// connection.
    pub(super) fn take(
        &mut self,
        fail: impl FnOnce(ProtocolError),
    ) -> Option<Result<Message, RecvError>> {
        let taken = self.batch.take()?;
        if self.batch.is_empty() {
            // The service may be busy with this message for long.
            self.discard();
        }
        if let Err(error) = taken {
            fail(error);
        }
        Some(taken.map_err(RecvError::Protocol))
    }

    /// Drops what was not taken, and returns its memory to the worker.
    #[inline]
    pub(super) fn discard(&mut self) {
        if self.batch.capacity() > 0 {
            pool::give_read(std::mem::take(&mut self.batch));
        }
    }

    /// How much memory it holds, in bytes.
    #[cfg(all(test, feature = "rfc6455"))]
    pub(super) fn capacity(&self) -> usize {
        self.batch.capacity()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.discard();
    }
}
