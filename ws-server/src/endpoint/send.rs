//! Sending messages: short ones through the send buffer, long ones from the caller's memory.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::Outgoing;

use super::Endpoint;
use crate::error::SendError;
use crate::runtime::budget;
use crate::runtime::clock::now;

/// Payloads from this size on are written directly from the caller's memory (a vectored write).
/// Below it, copying header and payload into one buffer is cheaper, and so is one system call for
/// several answers.
const LONG_PAYLOAD: usize = 24 * 1024;

/// How far the sending of a message is. Only changes from top to bottom.
#[derive(Debug)]
pub(crate) enum SendProgress {
    /// Nothing of it was taken: it waits for room in the send buffer.
    Waiting,
    /// Its frame header is in the send buffer or written, and its payload is being written from the
    /// caller's memory.
    Begun {
        /// How many bytes of the payload are written: always at most its length, and 0 while some
        /// of the header is still in the send buffer.
        rest: usize,
        /// Whether the last write was pending because the socket accepted nothing, not because the
        /// task's budget was used up.
        refused: bool,
        /// What the draft sends after the payload.
        tail: &'static [u8],
    },
    /// It is written, or all that is left of it is in the send buffer.
    Taken,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// Takes a message. Waits while the send buffer has no room, and while more is left of a long
    /// message than the send buffer has room for.
    ///
    /// A long message is written directly from the caller's memory. A caller that stops polling
    /// must have the rest [copied](Endpoint::copy_rest_of_payload): a message is always sent as a
    /// whole.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        message: Outgoing<'_>,
        progress: &mut SendProgress,
    ) -> Poll<Result<(), SendError>> {
        if let SendProgress::Waiting = progress {
            ready!(self.poll_room(cx))?;
            *progress = self.begin(message)?;
        }
        if self.poll_rest(cx, message, progress)?.is_ready() {
            return Poll::Ready(Ok(()));
        }
        if self.is_too_long_to_keep(message, progress) {
            let ring = ready!(self.poll_alarm_event(cx));
            self.copy_rest_of_payload(message, progress);
            return Poll::Ready(self.answer(ring).map_err(SendError::Expired));
        }
        self.copy_rest_of_payload(message, progress);
        Poll::Ready(Ok(()))
    }

    /// Whether more is left of a message than the send buffer has room for.
    fn is_too_long_to_keep(&self, message: Outgoing<'_>, progress: &SendProgress) -> bool {
        match progress {
            SendProgress::Begun { rest, .. } => message.as_bytes().len() - rest > self.room(),
            SendProgress::Waiting | SendProgress::Taken => false,
        }
    }

    /// Takes a message without waiting: what the socket does not accept now is copied into the send
    /// buffer.
    #[inline]
    pub(crate) fn take(
        &mut self,
        cx: &mut Context<'_>,
        message: Outgoing<'_>,
    ) -> Result<(), SendError> {
        let mut progress = self.begin(message)?;
        let _rest_is_kept = self.poll_rest(cx, message, &mut progress)?;
        self.copy_rest_of_payload(message, &mut progress);
        Ok(())
    }

    /// Encodes into the send buffer a short message, or the frame header of a long one.
    #[inline]
    fn begin(&mut self, message: Outgoing<'_>) -> Result<SendProgress, SendError> {
        // While another sender writes a long message from where it is, this one is copied after it.
        if is_long(message)
            && !self.connection.is_within_sent_message()
            && self.io.as_ref().is_some_and(IO::is_write_vectored)
        {
            self.borrow_output();
            if let Some(tail) = self.connection.begin(message.message())? {
                return Ok(SendProgress::Begun { rest: 0, refused: false, tail });
            }
        }
        self.put(message)?;
        Ok(SendProgress::Taken)
    }

    /// Writes the send buffer and the rest of a message, as far as the socket accepts them.
    #[inline]
    fn poll_rest(
        &mut self,
        cx: &mut Context<'_>,
        message: Outgoing<'_>,
        progress: &mut SendProgress,
    ) -> Poll<Result<(), SendError>> {
        while let SendProgress::Begun { rest, refused, tail } = progress {
            let payload = &message.as_bytes()[*rest..];
            if payload.is_empty() {
                self.connection.finish(&[], tail);
                *progress = SendProgress::Taken;
                break;
            }
            let unsent = self.connection.unsent();
            let waiting = unsent.len();
            let parts = [IoSlice::new(unsent), IoSlice::new(payload)];
            let Some(io) = &mut self.io else {
                return Poll::Ready(Err(SendError::Closed));
            };
            match Pin::new(io).poll_write_vectored(cx, &parts) {
                Poll::Ready(Ok(written)) if written > 0 => {
                    budget::charge_copied(cx, written);
                    self.unflushed = true;
                    self.connection.sent(written.min(waiting), now);
                    let taken = written.saturating_sub(waiting);
                    self.connection.sent_elsewhere(taken, std::mem::take(refused), now);
                    *rest += taken;
                }
                Poll::Ready(outcome) => {
                    self.copy_rest_of_payload(message, progress);
                    let none = io::ErrorKind::WriteZero;
                    return Poll::Ready(Err(SendError::Io(outcome.err().unwrap_or(none.into()))));
                }
                Poll::Pending => {
                    *refused = budget::is_left();
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO> Endpoint<IO> {
    /// Copies into the send buffer what the socket has not accepted of a message.
    #[inline]
    pub(crate) fn copy_rest_of_payload(
        &mut self,
        message: Outgoing<'_>,
        progress: &mut SendProgress,
    ) {
        if let SendProgress::Begun { rest, tail, .. } = *progress {
            *progress = SendProgress::Taken;
            self.copy_rest(&message.as_bytes()[rest..], tail);
        }
    }

    #[cold]
    fn copy_rest(&mut self, rest: &[u8], tail: &[u8]) {
        self.borrow_output();
        self.connection.finish(rest, tail);
        if budget::is_left() {
            self.connection.blocked();
        }
    }
}

/// Whether a message is long enough to be written without a copy.
#[inline]
pub(crate) fn is_long(message: Outgoing<'_>) -> bool {
    message.as_bytes().len() >= LONG_PAYLOAD
}
