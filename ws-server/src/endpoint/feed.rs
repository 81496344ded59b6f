//! Messages on their way out: short ones through the send buffer, long ones from where they lie.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::Outgoing;

use super::Link;
use crate::error::SendError;

/// Payloads from this size on are written from where they lie. Below it, copying header and
/// payload into one buffer is cheaper, and so is one system call for several answers.
const LONG_PAYLOAD: usize = 24 * 1024;

/// How far a message is.
#[derive(Debug)]
enum Progress {
    /// Nothing of it was taken.
    Waiting,
    /// Its head is in the send buffer, or gone; what is in front of `rest` is gone too, and the
    /// socket may have refused more. `tail` belongs behind it.
    Begun { rest: usize, refused: bool, tail: &'static [u8] },
    /// It is gone, or all that is left of it is in the send buffer.
    Taken,
}

/// A message that the connection takes; from [`Link::feed`].
///
/// The usual one is taken before this is polled, so that it never passes through the memory of a
/// task. A long one is written from where it lies, as long as there is nothing else to say. When
/// there is, or when nobody waits any more, what is left of it is copied: it goes out whole.
#[derive(Debug)]
pub(crate) struct Feed<'l, 'm, IO> {
    link: &'l mut Link<IO>,
    message: Outgoing<'m>,
    progress: Progress,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Future for Feed<'_, '_, IO> {
    type Output = Result<(), SendError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let Feed { link, message, progress } = self.get_mut();
        match progress {
            Progress::Taken => Poll::Ready(Ok(())),
            _ => link.poll_feed_on(cx, *message, progress),
        }
    }
}

impl<IO> Drop for Feed<'_, '_, IO> {
    #[inline]
    fn drop(&mut self) {
        self.link.keep_rest(self.message, &mut self.progress);
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Link<IO> {
    /// Takes a message, and waits while there is no room in the send buffer, or much of the message
    /// left that the socket does not take.
    #[inline]
    pub(crate) fn feed<'l, 'm>(&'l mut self, message: Outgoing<'m>) -> Feed<'l, 'm, IO> {
        let progress = match self.try_feed(message) {
            true => Progress::Taken,
            false => Progress::Waiting,
        };
        Feed { link: self, message, progress }
    }

    /// Takes a short message into the send buffer, if there is room now. What else there is to
    /// say, the future says.
    #[inline]
    fn try_feed(&mut self, message: Outgoing<'_>) -> bool {
        !is_long(message)
            && (self.output.is_empty() || self.room() > 0)
            && self.put(message).is_ok()
    }

    fn poll_feed_on(
        &mut self,
        cx: &mut Context<'_>,
        message: Outgoing<'_>,
        progress: &mut Progress,
    ) -> Poll<Result<(), SendError>> {
        if let Progress::Waiting = progress {
            ready!(self.poll_room(cx))?;
            *progress = self.begin(message)?;
        }
        if self.poll_rest(cx, message, progress)?.is_ready() {
            return Poll::Ready(Ok(()));
        }
        if self.is_too_long_to_keep(message, progress) {
            let ring = ready!(self.poll_ring(cx));
            self.keep_rest(message, progress);
            return Poll::Ready(self.answer(ring).map_err(SendError::Expired));
        }
        self.keep_rest(message, progress);
        Poll::Ready(Ok(()))
    }

    /// Whether more is left of a message than may wait in the send buffer.
    fn is_too_long_to_keep(&self, message: Outgoing<'_>, progress: &Progress) -> bool {
        match progress {
            Progress::Begun { rest, .. } => message.as_bytes().len() - rest > self.room(),
            Progress::Waiting | Progress::Taken => false,
        }
    }

    /// Takes a message once there is room: a short one into the send buffer, a long one
    /// straight to the socket as far as that takes it.
    #[inline]
    pub(crate) fn poll_feed(
        &mut self,
        cx: &mut Context<'_>,
        message: Outgoing<'_>,
    ) -> Poll<Result<(), SendError>> {
        ready!(self.poll_room(cx))?;
        Poll::Ready(self.take(cx, message))
    }

    /// As [`poll_feed`](Link::poll_feed), where there is room.
    #[inline]
    pub(crate) fn take(
        &mut self,
        cx: &mut Context<'_>,
        message: Outgoing<'_>,
    ) -> Result<(), SendError> {
        let mut progress = self.begin(message)?;
        let _rest_is_kept = self.poll_rest(cx, message, &mut progress)?;
        self.keep_rest(message, &mut progress);
        Ok(())
    }

    /// Puts into the send buffer what cannot be written from where it lies: a short message, or
    /// the head of a long one.
    #[inline]
    fn begin(&mut self, message: Outgoing<'_>) -> Result<Progress, SendError> {
        if is_long(message) && self.io.is_write_vectored() {
            self.borrow_output();
            if let Some(envelope) = self.connection.envelope(message.message(), &mut self.output)? {
                self.output.bytes().extend_from_slice(envelope.head());
                return Ok(Progress::Begun { rest: 0, refused: false, tail: envelope.tail() });
            }
        }
        self.put(message)?;
        Ok(Progress::Taken)
    }

    /// Writes what waits and what is left of a message, as far as the socket takes it.
    #[inline]
    fn poll_rest(
        &mut self,
        cx: &mut Context<'_>,
        message: Outgoing<'_>,
        progress: &mut Progress,
    ) -> Result<Poll<()>, SendError> {
        while let Progress::Begun { rest, refused, tail } = progress {
            let payload = &message.as_bytes()[*rest..];
            if payload.is_empty() {
                self.output.bytes().extend_from_slice(tail);
                *progress = Progress::Taken;
                break;
            }
            let waiting = self.output.len();
            let parts = [IoSlice::new(self.output.unsent()), IoSlice::new(payload)];
            match Pin::new(&mut self.io).poll_write_vectored(cx, &parts) {
                Poll::Ready(Ok(written)) if written > 0 => {
                    if std::mem::take(refused) {
                        self.connection.drained();
                    }
                    self.wrote(written.min(waiting));
                    *rest += written.saturating_sub(waiting);
                }
                Poll::Ready(outcome) => {
                    self.keep_rest(message, progress);
                    let none = io::ErrorKind::WriteZero;
                    return Err(SendError::Io(outcome.err().unwrap_or(none.into())));
                }
                Poll::Pending => {
                    *refused = true;
                    return Ok(Poll::Pending);
                }
            }
        }
        Ok(Poll::Ready(()))
    }
}

impl<IO> Link<IO> {
    /// Copies what is left of a message into the send buffer, where the socket did not take it.
    #[inline]
    fn keep_rest(&mut self, message: Outgoing<'_>, progress: &mut Progress) {
        if let Progress::Begun { rest, tail, .. } = *progress {
            *progress = Progress::Taken;
            self.copy_rest(&message.as_bytes()[rest..], tail);
        }
    }

    #[cold]
    fn copy_rest(&mut self, rest: &[u8], tail: &[u8]) {
        self.borrow_output();
        self.output.bytes().extend_from_slice(rest);
        self.output.bytes().extend_from_slice(tail);
        self.output.refuse();
    }
}

/// Whether a message is better written from where it lies.
#[inline]
fn is_long(message: Outgoing<'_>) -> bool {
    message.as_bytes().len() >= LONG_PAYLOAD
}
