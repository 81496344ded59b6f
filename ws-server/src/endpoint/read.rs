//! Receiving: from the socket to messages and fragments.

use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use ws_core::connection::{ReceiveBuffer, Received, ReceivedFragment, Untaken};
use ws_core::{Batch, ProtocolError};

use super::Endpoint;
use crate::error::RecvError;
use crate::runtime::budget;

/// What reading has found.
enum Input {
    /// Bytes to decode, or an end of the connection that is held.
    Something,
    /// The end of the stream.
    End,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// Waits for the next messages. `None` when the connection was closed as its draft provides.
    #[inline]
    pub(crate) fn poll_messages(
        &mut self,
        cx: &mut Context<'_>,
        untaken: Untaken,
    ) -> Poll<Result<Option<Batch>, RecvError>> {
        loop {
            ready!(self.poll_budget(cx));
            if self.connection.has_unread() {
                self.borrow_storage();
            }
            match self.received_messages(untaken)? {
                Received::Data(batch) => return Poll::Ready(Ok(Some(batch))),
                Received::Closed => return Poll::Ready(self.end_of_handshake().map(|()| None)),
                Received::Working => {}
                Received::Held => ready!(self.poll_held(cx))?,
                Received::Starved => {
                    if let Input::End = ready!(self.poll_input(cx))? {
                        return Poll::Ready(self.end_of_stream().map(|()| None));
                    }
                }
            }
        }
    }

    /// The messages that are complete in the bytes already read.
    #[inline(always)]
    fn received_messages(&mut self, untaken: Untaken) -> Result<Received<Batch>, ProtocolError> {
        if !self.connection.has_unread() && !self.connection.is_ending() {
            return Ok(Received::Starved);
        }
        self.connection.receive_messages(untaken)
    }

    /// Waits for the next fragment of a message. `None` when the connection was closed as its draft
    /// provides.
    #[inline]
    pub(crate) fn poll_fragment(
        &mut self,
        cx: &mut Context<'_>,
        untaken: Untaken,
    ) -> Poll<Result<Option<ReceivedFragment>, RecvError>> {
        loop {
            ready!(self.poll_budget(cx));
            match self.buffered_fragment(untaken)? {
                Received::Data(fragment) => return Poll::Ready(Ok(Some(fragment))),
                Received::Closed => return Poll::Ready(self.end_of_handshake().map(|()| None)),
                Received::Working => {}
                Received::Held => ready!(self.poll_held(cx))?,
                Received::Starved => {
                    if let Input::End = ready!(self.poll_input(cx))? {
                        return Poll::Ready(self.end_of_stream().map(|()| None));
                    }
                }
            }
        }
    }

    /// The next fragment in the bytes already read.
    #[inline]
    pub(crate) fn buffered_fragment(
        &mut self,
        untaken: Untaken,
    ) -> Result<Received<ReceivedFragment>, ProtocolError> {
        self.connection.receive_fragment(untaken)
    }

    /// Whether an extension has worked since the last [`poll_budget`](Endpoint::poll_budget).
    pub(crate) fn has_worked(&self) -> bool {
        self.connection.has_worked()
    }

    /// Charges the work of an extension against the task's budget, and yields to other tasks when
    /// the budget is used up: an extension can be busy for long without a read that waits.
    #[inline]
    pub(crate) fn poll_budget(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.connection.has_worked() {
            budget::charge_work(cx, self.connection.take_work());
            ready!(budget::poll_continue(cx));
        }
        Poll::Ready(())
    }

    /// Whether bytes were read that are not decoded yet.
    pub(crate) fn has_unread(&self) -> bool {
        self.connection.has_unread()
    }

    /// Received bytes; see [`Connection::bytes`](ws_core::Connection::bytes).
    pub(crate) fn bytes(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.connection.bytes(range)
    }

    /// Waits until the messages before a held end are taken, or until the deadline.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
        // It only fails for a message whose beginning is in the read buffer. None is: a message is
        // kept there only while nothing was received after it.
        let _released = self.release();
        if let Poll::Ready(Err(error)) = self.poll_write_out(cx) {
            self.break_off(error);
        }
        self.poll_alarm(cx).map_err(RecvError::Expired)
    }

    /// Reads from the socket, after writing as much as possible of what waits to be sent.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<Input, RecvError>> {
        loop {
            if let Poll::Ready(Err(error)) = self.poll_write_out(cx) {
                self.break_off(error);
            }
            let ended = match self.poll_read(cx) {
                Poll::Pending => {
                    // Also when the budget is used up, so deadlines count for a peer that never
                    // stops sending.
                    if let Poll::Ready(outcome) = self.poll_alarm(cx) {
                        outcome.map_err(RecvError::Expired)?;
                        if self.connection.is_over() {
                            return Poll::Ready(Ok(Input::Something));
                        }
                        continue;
                    }
                    return match self.release() {
                        Ok(()) => Poll::Pending,
                        Err(_held) => Poll::Ready(Ok(Input::Something)),
                    };
                }
                Poll::Ready(Err(RecvError::Protocol(_held))) => {
                    return Poll::Ready(Ok(Input::Something));
                }
                Poll::Ready(Ok(count)) if count > 0 => return Poll::Ready(Ok(Input::Something)),
                Poll::Ready(Ok(_)) => match self.broken.take() {
                    Some(error) => Err(RecvError::Io(*error)),
                    None => Ok(Input::End),
                },
                // TLS reports an end of the TCP connection without `close_notify` as this error.
                Poll::Ready(Err(RecvError::Io(error)))
                    if error.kind() == ErrorKind::UnexpectedEof =>
                {
                    Ok(Input::End)
                }
                Poll::Ready(Err(error)) => Err(error),
            };
            if let Err(RecvError::Io(_)) = ended {
                self.connection.abandon();
            }
            self.connection.end_of_input();
            return Poll::Ready(ended);
        }
    }

    /// Reads into the read buffer, or into the message that the next bytes belong to. Returns their
    /// number: 0 is the end of the stream.
    #[inline]
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, RecvError>> {
        ready!(budget::poll_continue(cx));
        if self.connection.reads_into_message()? {
            self.release()?;
        } else {
            self.borrow_storage();
        }
        let Endpoint { connection, io: Some(io), .. } = self else {
            return Poll::Ready(Ok(0));
        };
        match connection.receive_buffer()? {
            ReceiveBuffer::Spare(spare) => {
                let mut spare = ReadBuf::new(spare);
                ready!(Pin::new(io).poll_read(cx, &mut spare)).map_err(RecvError::Io)?;
                let count = spare.filled().len();
                connection.filled(count);
                budget::charge_frames(cx, count);
                Poll::Ready(Ok(count))
            }
            ReceiveBuffer::Append { message, limit } => {
                // Dropping the future of a read that is pending loses nothing.
                let outcome = ready!(pin!(io.take(limit).read_buf(message)).poll(cx));
                let count = outcome.map_err(RecvError::Io)?;
                connection.appended(count);
                budget::charge_copied(cx, count);
                Poll::Ready(Ok(count))
            }
        }
    }

    /// The outcome of the closing handshake: an error if a deadline passed before it was complete.
    fn end_of_handshake(&self) -> Result<(), RecvError> {
        match self.connection.expired() {
            Some(expired) if !self.connection.is_closed_cleanly() => {
                Err(RecvError::Expired(expired))
            }
            _ => Ok(()),
        }
    }

    /// The outcome of a TCP connection that ended without a closing handshake: an error, unless the
    /// draft has none.
    fn end_of_stream(&mut self) -> Result<(), RecvError> {
        if !self.connection.capabilities().close {
            return Ok(());
        }
        let within = self.has_unread() || self.connection.is_within_message();
        Err(RecvError::Disconnected { within_message: within })
    }
}
