//! The way out: a socket, the connection that speaks over it, and what waits to be sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use ws_core::buffer::SendBuffer;
use ws_core::connection::Expired;
use ws_core::{CloseReason, Connection, Outgoing, StatusCode};

use crate::alarm::{Alarm, Ring};
use crate::error::SendError;
use crate::pool;

#[derive(Debug)]
#[repr(C)]
pub(crate) struct Link<IO> {
    alarm: Alarm,
    pub(super) io: IO,
    pub(super) output: SendBuffer,
    /// Bytes were written that the transport may still hold back, as TLS does.
    unflushed: bool,
    /// Whether a drop of the socket is the end of the stream, as a shutdown is.
    ends_by_drop: bool,
    pub(super) connection: Connection,
    /// The socket takes no more for this reason; what the peer has sent before can be read.
    broken: Option<Box<io::Error>>,
}

/// A connection that ends gives back what it has of the worker's.
impl<IO> Drop for Link<IO> {
    fn drop(&mut self) {
        self.output.discard();
        if let Some(storage) = self.output.reclaim() {
            pool::give_send(storage);
        }
    }
}

impl<IO> Link<IO> {
    #[inline]
    pub(super) fn borrow_output(&mut self) {
        if !self.output.has_storage() {
            self.lend_storage();
        }
    }

    #[inline(never)]
    fn lend_storage(&mut self) {
        self.output.lend(pool::take_send());
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Link<IO> {
    pub(super) fn new(io: IO, connection: Connection, alarm: Alarm) -> Link<IO> {
        let output = SendBuffer::new();
        let alarm = alarm.anew();
        Link { io, connection, output, alarm, unflushed: false, ends_by_drop: false, broken: None }
    }

    /// Says whether a drop of the socket ends the stream in order once the peer has ended its own
    /// side and everything was sent, and whether the drop follows at once. So it is with the sockets
    /// of the system that nobody else has, not with what lies over them, such as TLS.
    pub(crate) fn end_by_drop(&mut self, ends_by_drop: bool) {
        self.ends_by_drop = ends_by_drop;
    }

    /// Whether nothing is left to do but to drop the socket.
    pub(super) fn may_be_dropped(&self) -> bool {
        self.ends_by_drop && self.connection.has_input_ended()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How much more may be put into the send buffer.
    pub(crate) fn room(&self) -> usize {
        self.connection.limits().send_buffer.saturating_sub(self.output.len())
    }

    /// Waits until there is room in the send buffer; for a connection that is ending there is
    /// none any more.
    #[inline]
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        loop {
            if let Some(expired) = self.connection.expired() {
                return Poll::Ready(Err(SendError::Expired(expired)));
            }
            if !self.connection.is_open() {
                return Poll::Ready(Err(SendError::Closed));
            }
            if self.room() > 0 || self.output.is_empty() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_flush(cx))?;
        }
    }

    /// Takes a message into the send buffer, whatever its length.
    #[inline]
    pub(crate) fn put(&mut self, message: Outgoing<'_>) -> Result<(), SendError> {
        self.borrow_output();
        Ok(self.connection.send(message, &mut self.output)?)
    }

    /// Writes what waits. While the socket takes nothing, deadlines still count.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        loop {
            if let Some(expired) = self.connection.expired() {
                return Poll::Ready(Err(SendError::Expired(expired)));
            }
            match self.poll_write_out(cx) {
                Poll::Ready(outcome) => return Poll::Ready(outcome.map_err(SendError::Io)),
                Poll::Pending => ready!(self.poll_alarm(cx)).map_err(SendError::Expired)?,
            }
        }
    }

    #[inline]
    pub(super) fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.output.is_empty() && !self.unflushed {
            self.return_output();
            return Poll::Ready(Ok(()));
        }
        while !self.output.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, self.output.unsent()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => self.wrote(written),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.output.refuse();
                    return Poll::Pending;
                }
            }
            if self.output.is_empty() {
                self.connection.handle_sent(&mut self.output);
            }
        }
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        self.unflushed = false;
        self.return_output();
        Poll::Ready(Ok(()))
    }

    /// The socket took so many bytes of what waits, and perhaps others.
    #[inline]
    pub(super) fn wrote(&mut self, waiting: usize) {
        if self.output.is_backed_up() {
            self.connection.drained();
        }
        self.unflushed = true;
        self.output.advance(waiting);
    }

    /// Remembers why nothing can be sent any more, and forgets what was to be.
    pub(super) fn broken(&mut self, error: io::Error) {
        self.output.discard();
        self.unflushed = false;
        self.broken.get_or_insert_with(|| Box::new(error));
    }

    pub(super) fn take_broken(&mut self) -> Option<io::Error> {
        self.broken.take().map(|error| *error)
    }

    /// Handles deadlines and the stop. Ready when something was done about one of them.
    #[inline]
    pub(crate) fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Expired>> {
        let ring = ready!(self.poll_ring(cx));
        Poll::Ready(self.answer(ring))
    }

    #[inline]
    pub(super) fn poll_ring(&mut self, cx: &mut Context<'_>) -> Poll<Ring> {
        // The deadline of an open connection moves only when the alarm has rung.
        if self.connection.is_open() && self.alarm.is_quiet(cx.waker()) {
            return Poll::Pending;
        }
        self.look_at_alarm(cx)
    }

    #[cold]
    fn look_at_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Ring> {
        if !self.connection.is_open() {
            self.limit_end();
        }
        self.alarm.poll(cx, self.connection.poll_timeout())
    }

    pub(super) fn answer(&mut self, ring: Ring) -> Result<(), Expired> {
        match ring {
            Ring::Stop => self.close(Some(CloseReason::new(StatusCode::GOING_AWAY, ""))),
            Ring::Deadline => {
                self.borrow_output();
                let now = Instant::now().into_std();
                self.connection.handle_timeout(now, &mut self.output)?;
            }
        }
        Ok(())
    }

    /// The service takes no bytes, so none are read.
    pub(crate) fn not_listening(&mut self) {
        self.connection.not_listening(&self.output);
    }

    /// Begins the closing handshake, if it has not begun.
    pub(crate) fn close(&mut self, reason: Option<CloseReason>) {
        self.borrow_output();
        self.connection.close(reason, Instant::now().into_std(), &mut self.output);
    }

    /// What the peer sent may have ended the connection: the time for that counts from here.
    fn limit_end(&mut self) {
        if self.connection.poll_timeout().is_none() && self.connection.expired().is_none() {
            self.connection.limit_end(Instant::now().into_std());
        }
    }

    pub(crate) fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.borrow_output();
        Ok(self.connection.ping(payload, &mut self.output)?)
    }

    #[inline]
    fn return_output(&mut self) {
        if let Some(storage) = self.output.reclaim() {
            pool::give_send(storage);
        }
    }
}
