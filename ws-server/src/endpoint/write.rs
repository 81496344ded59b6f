//! Output: writing what waits to be sent, and the deadlines that count meanwhile.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::connection::Expired;
use ws_core::{CloseCode, CloseReason, Outgoing, ProtocolError};

use super::Endpoint;
use crate::error::SendError;
use crate::runtime::alarm::AlarmEvent;
use crate::runtime::clock::now;
use crate::runtime::view::Change;
use crate::runtime::{budget, pool};

impl<IO> Endpoint<IO> {
    #[inline]
    pub(super) fn borrow_output(&mut self) {
        self.connection.lend_output(pool::take_send);
    }

    /// How many more bytes the send buffer may take, by [`Limits::send_buffer`].
    ///
    /// [`Limits::send_buffer`]: ws_core::Limits::send_buffer
    pub(crate) fn room(&self) -> usize {
        self.connection.limits().send_buffer.saturating_sub(self.connection.unsent_len())
    }

    /// Whether another message may be taken, whatever its length: the limit may be exceeded by one
    /// message.
    pub(crate) fn has_room(&self) -> bool {
        self.room() > 0 || self.connection.unsent_len() == 0
    }

    /// Takes messages that the connection's encoder has encoded, and returns the memory of
    /// `encoded` to the worker.
    ///
    /// # Errors
    /// [`SendError::Closed`]; the messages are dropped, and `encoded` is empty.
    #[inline]
    pub(crate) fn send_encoded(&mut self, encoded: &mut Vec<u8>) -> Result<(), SendError> {
        self.connection.send_encoded(encoded)?;
        if encoded.capacity() > 0 {
            pool::give_send(std::mem::take(encoded));
        }
        Ok(())
    }

    /// Encodes a message into the send buffer, whatever its length.
    #[inline]
    pub(crate) fn put(&mut self, message: Outgoing<'_>) -> Result<(), SendError> {
        self.borrow_output();
        Ok(self.connection.send(message)?)
    }

    /// Begins the closing handshake, if it has not begun.
    pub(crate) fn close(&mut self, reason: Option<CloseReason>) {
        self.borrow_output();
        self.connection.close(reason, now());
    }

    /// Fails the connection because the peer broke the protocol.
    pub(crate) fn fail(&mut self, error: ProtocolError) {
        self.borrow_output();
        self.connection.fail(error);
    }

    pub(crate) fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.borrow_output();
        Ok(self.connection.ping(payload)?)
    }

    /// Sends a ping to measure the round-trip time, and returns its number.
    pub(crate) fn ping_round_trip(&mut self) -> Result<u8, SendError> {
        self.borrow_output();
        Ok(self.connection.ping_round_trip()?)
    }

    /// Ready when the pong to the ping of this number has arrived, or nothing more can be received.
    pub(crate) fn poll_round_trip(&self, number: u8) -> Poll<Result<(), SendError>> {
        match self.connection.is_round_trip_answered(number) {
            true => Poll::Ready(Ok(())),
            false => self.poll_peer_gone().map(|_| Err(SendError::Closed)),
        }
    }

    /// Whether such a pong has arrived since the last call.
    #[inline]
    pub(crate) fn take_round_trip_news(&mut self) -> bool {
        self.connection.take_round_trip_news()
    }

    /// Ready when nothing more can be received from the peer; with the reason of its Close, if
    /// there was one.
    pub(crate) fn poll_peer_gone(&self) -> Poll<Option<CloseReason>> {
        if self.connection.is_over() || self.connection.has_input_ended() {
            Poll::Ready(self.connection.peer_reason().cloned())
        } else {
            Poll::Pending
        }
    }

    #[inline]
    pub(super) fn return_output(&mut self) {
        if let Some(storage) = self.connection.reclaim_output() {
            pool::give_send(storage);
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// Sets whether dropping the socket ends the stream in order, once the peer has ended its own
    /// side and everything was sent; the caller must then drop it at once. So it is with sockets of
    /// the operating system that were not duplicated, but not with layers over them, such as TLS.
    pub(crate) fn end_by_drop(&mut self, ends_by_drop: bool) {
        self.ends_by_drop = ends_by_drop;
    }

    /// Whether only the drop of the socket is left to do.
    pub(super) fn may_be_dropped(&self) -> bool {
        self.ends_by_drop && self.connection.has_input_ended()
    }

    /// Waits until there is room in the send buffer.
    ///
    /// # Errors
    /// [`SendError::Closed`] once the closing handshake has begun; and those of a flush.
    #[inline]
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        loop {
            if let Some(expired) = self.connection.expired() {
                return Poll::Ready(Err(SendError::Expired(expired)));
            }
            if !self.connection.is_open() {
                return Poll::Ready(Err(SendError::Closed));
            }
            if self.has_room() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_flush(cx))?;
        }
    }

    /// Writes what waits to be sent. While the socket accepts nothing, deadlines still count.
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
        if self.connection.unsent().is_empty() && !self.unflushed {
            self.return_output();
            return Poll::Ready(Ok(()));
        }
        let Some(io) = &mut self.io else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        while !self.connection.unsent().is_empty() {
            match Pin::new(&mut *io).poll_write(cx, self.connection.unsent()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => {
                    budget::charge_copied(cx, written);
                    self.unflushed = true;
                    self.connection.sent(written, now);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if budget::is_left() {
                        self.connection.blocked();
                    }
                    return Poll::Pending;
                }
            }
        }
        ready!(Pin::new(io).poll_flush(cx))?;
        self.unflushed = false;
        self.return_output();
        Poll::Ready(Ok(()))
    }

    /// Stores why nothing can be sent any more, and drops what waits to be sent.
    pub(super) fn break_off(&mut self, error: io::Error) {
        self.connection.discard_unsent();
        self.unflushed = false;
        self.broken.get_or_insert_with(|| Box::new(error));
    }

    /// Handles deadlines and the server's shutdown. Ready when one of them was handled.
    #[inline]
    pub(crate) fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Expired>> {
        let ring = ready!(self.poll_alarm_event(cx));
        Poll::Ready(self.answer(ring))
    }

    #[inline]
    pub(super) fn poll_alarm_event(&mut self, cx: &mut Context<'_>) -> Poll<AlarmEvent> {
        // The deadline of an open connection only moves after the alarm has fired.
        if !self.connection.is_ending() && self.alarm.is_quiet(cx.waker()) {
            return Poll::Pending;
        }
        self.look_at_alarm(cx)
    }

    #[cold]
    fn look_at_alarm(&mut self, cx: &mut Context<'_>) -> Poll<AlarmEvent> {
        let deadline = self.connection.poll_timeout(now);
        self.alarm.poll(cx, deadline)
    }

    pub(super) fn answer(&mut self, ring: AlarmEvent) -> Result<(), Expired> {
        match ring {
            AlarmEvent::Shutdown => self.close(Some(CloseReason::new(CloseCode::GOING_AWAY, ""))),
            AlarmEvent::Deadline => {
                self.borrow_output();
                self.connection.handle_timeout(now())?;
            }
        }
        Ok(())
    }

    /// As [`poll_write_and_timers`](Endpoint::poll_write_and_timers), while the socket is not read
    /// because the service has not taken what was received before: the peer's silence does not
    /// count against it.
    pub(crate) fn poll_read_paused(&mut self, cx: &mut Context<'_>) -> Change {
        self.connection.not_listening();
        self.poll_write_and_timers(cx)
    }

    /// Does everything but reading: writes what waits to be sent, and handles deadlines.
    pub(crate) fn poll_write_and_timers(&mut self, cx: &mut Context<'_>) -> Change {
        let mut change = Change::Nothing;
        loop {
            if let Poll::Ready(Err(error)) = self.poll_write_out(cx) {
                self.break_off(error);
                self.connection.abandon();
                return Change::State;
            }
            match self.poll_alarm(cx) {
                Poll::Pending => return change,
                Poll::Ready(Ok(())) => change = Change::State,
                Poll::Ready(Err(_)) => return Change::State,
            }
        }
    }
}
