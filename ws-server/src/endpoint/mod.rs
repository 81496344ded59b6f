//! One end of a WebSocket connection over a socket: the I/O around [`ws_core::Connection`].

mod clock;
mod feed;
mod finish;
mod news;
mod write;

use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use ws_core::buffer::ReadBuffer;
use ws_core::connection::{Fragment, ReceiveBuffer, Received, Untaken};
use ws_core::{Batch, CodecBox, Connection, Limits, ProtocolError, Timeouts};

use self::finish::Finish;
pub(crate) use feed::{Progress, is_long};
pub(crate) use news::News;

use self::clock::now;
use crate::error::RecvError;
use crate::runtime::alarm::Alarm;
use crate::runtime::{budget, pool};

/// A connection after its opening handshake.
///
/// It reads only when everything received before is dealt with, and writes before it reads:
/// whatever one read brought is answered in one write.
///
/// In memory, what each message needs lies together: with many connections, each line of it is a
/// cache miss whenever the next message comes.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Endpoint<IO> {
    alarm: Alarm,
    /// Until the connection has ended.
    io: Option<IO>,
    /// Bytes were written that the transport may still hold back, as TLS does.
    unflushed: bool,
    /// Whether a drop of the socket is the end of the stream, as a shutdown is.
    ends_by_drop: bool,
    /// How far it is with its end.
    finish: Finish,
    connection: Connection,
    /// The socket takes no more for this reason; what the peer has sent before can be read.
    broken: Option<Box<io::Error>>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// An open connection; `read` holds what came behind the request head, and `alarm` may have
    /// been its opening handshake's.
    pub(crate) fn new(
        io: IO,
        read: ReadBuffer,
        codec: CodecBox,
        limits: Limits,
        timeouts: Timeouts,
        alarm: Alarm,
    ) -> Endpoint<IO> {
        let connection = Connection::new(codec, read, limits, timeouts, now());
        let alarm = alarm.for_another_deadline();
        let io = Some(io);
        Endpoint {
            connection,
            io,
            unflushed: false,
            ends_by_drop: false,
            finish: Finish::AwaitClose,
            alarm,
            broken: None,
        }
    }

    /// The messages that come next. `None` when the connection has ended in the way of its draft.
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

    /// The messages that are whole in what was read already.
    #[inline(always)]
    fn received_messages(&mut self, untaken: Untaken) -> Result<Received<Batch>, ProtocolError> {
        if !self.connection.has_unread() && !self.connection.is_ending() {
            return Ok(Received::Starved);
        }
        self.connection.receive_messages(untaken)
    }

    /// The next fragment of a message. `None` when the connection has ended in the way of its
    /// draft.
    #[inline]
    pub(crate) fn poll_fragment(
        &mut self,
        cx: &mut Context<'_>,
        untaken: Untaken,
    ) -> Poll<Result<Option<Fragment>, RecvError>> {
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

    /// The next fragment of what was read already.
    #[inline]
    pub(crate) fn buffered_fragment(
        &mut self,
        untaken: Untaken,
    ) -> Result<Received<Fragment>, ProtocolError> {
        self.connection.receive_fragment(untaken)
    }

    /// Whether an extension has worked since the last [`poll_budget`](Endpoint::poll_budget).
    pub(crate) fn has_worked(&self) -> bool {
        self.connection.has_worked()
    }

    /// Lets other tasks run now and then, while an extension has work and no read has to wait for
    /// bytes.
    #[inline]
    pub(crate) fn poll_budget(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.connection.has_worked() {
            budget::charge_work(cx, self.connection.take_work());
            ready!(budget::poll_continue(cx));
        }
        Poll::Ready(())
    }

    /// Whether bytes were read that are not decoded.
    pub(crate) fn has_unread(&self) -> bool {
        self.connection.has_unread()
    }

    /// Received bytes; see [`Connection::bytes`].
    pub(crate) fn bytes(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.connection.bytes(range)
    }

    /// Waits for what is held to be taken, or for the deadline.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
        // A message that has begun lies in the buffer only while nothing is behind it.
        let _released = self.release();
        if let Poll::Ready(Err(error)) = self.poll_write_out(cx) {
            self.break_off(error);
        }
        self.poll_alarm(cx).map_err(RecvError::Expired)
    }

    /// Reads from the socket, once what waits to be sent is written as far as possible.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<Input, RecvError>> {
        loop {
            // First, so that a peer that never pauses cannot keep it from being asked.
            if let Poll::Ready(outcome) = self.poll_alarm(cx) {
                outcome.map_err(RecvError::Expired)?;
                if self.connection.is_over() {
                    return Poll::Ready(Ok(Input::Something));
                }
                continue;
            }
            if let Poll::Ready(Err(error)) = self.poll_write_out(cx) {
                self.break_off(error);
            }
            let ended = match self.poll_read(cx) {
                Poll::Pending => match self.release() {
                    Ok(()) => return Poll::Pending,
                    Err(_held) => return Poll::Ready(Ok(Input::Something)),
                },
                Poll::Ready(Err(RecvError::Protocol(_held))) => {
                    return Poll::Ready(Ok(Input::Something));
                }
                Poll::Ready(Ok(count)) if count > 0 => return Poll::Ready(Ok(Input::Something)),
                Poll::Ready(Ok(_)) => match self.broken.take() {
                    Some(error) => Err(RecvError::Io(*error)),
                    None => Ok(Input::End),
                },
                // TLS says so of an end without a word.
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

    /// Reads to where the next bytes belong; no bytes are the end of the stream.
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
                // A read that is pending has put nothing anywhere.
                let outcome = ready!(pin!(io.take(limit).read_buf(message)).poll(cx));
                let count = outcome.map_err(RecvError::Io)?;
                connection.appended(count);
                budget::charge_copied(cx, count);
                Poll::Ready(Ok(count))
            }
        }
    }

    /// The end that the closing handshake, or a deadline, has made.
    fn end_of_handshake(&self) -> Result<(), RecvError> {
        match self.connection.expired() {
            Some(expired) if !self.connection.is_closed_cleanly() => {
                Err(RecvError::Expired(expired))
            }
            _ => Ok(()),
        }
    }

    fn end_of_stream(&mut self) -> Result<(), RecvError> {
        if !self.connection.capabilities().close {
            return Ok(());
        }
        let within = self.has_unread() || self.connection.is_within_message();
        Err(RecvError::Disconnected { within_message: within })
    }
}

impl<IO> Endpoint<IO> {
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Drops the socket, for the connection has ended.
    pub(crate) fn disconnect(&mut self) {
        self.io = None;
    }

    /// Drops the socket, whatever is under way.
    pub(crate) fn cut(&mut self) {
        self.connection.abandon();
        self.disconnect();
    }

    /// Nobody takes data any more, until the peer's Close comes.
    pub(crate) fn discard_data(&mut self) {
        self.connection.discard_data();
    }

    #[inline]
    fn borrow_storage(&mut self) {
        if !self.connection.has_storage() {
            self.connection.lend(pool::take_read());
        }
    }

    /// Gives the read buffer back to the worker. Only what cannot be decoded yet, and the
    /// beginning of a message, stay with the connection.
    #[inline]
    pub(crate) fn release(&mut self) -> Result<(), ProtocolError> {
        self.connection.reclaim().map(pool::give_read)
    }

    /// Uses the memory of messages that were taken for those that come next.
    #[inline]
    pub(crate) fn recycle(&mut self, batch: Batch) {
        if self.connection.has_storage() {
            pool::give_read(batch);
        } else if let Some(emptied) = pool::emptied(batch) {
            self.connection.lend(emptied);
        }
    }

    /// The peer broke the protocol behind messages that are still to be taken.
    pub(crate) fn hold_violation(&mut self, error: ProtocolError) {
        self.connection.hold_violation(error);
    }

    /// Drops what was received, for nobody takes it any more, and gives the read buffer back.
    pub(crate) fn discard_received(&mut self) {
        pool::give_read(self.connection.discard_received());
    }
}

/// A connection that ends gives back what it has of the worker's.
impl<IO> Drop for Endpoint<IO> {
    fn drop(&mut self) {
        self.discard_received();
        self.connection.discard_unsent();
        self.return_output();
    }
}

enum Input {
    /// Bytes to decode, or an end that is held.
    Something,
    End,
}

#[cfg(all(test, feature = "rfc6455"))]
mod tests;
