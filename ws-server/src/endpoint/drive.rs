//! How the task of a connection drives it over its socket.

use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::CloseReason;

use super::Endpoint;
use crate::error::RecvError;
use crate::runtime::receiving::Receiving;
use crate::runtime::view::{Change, Drive, View};

/// What is done with the data that the peer sends. Only changes from top to bottom: never back to
/// `Open`, and `Ended` is final.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It is received.
    Open,
    /// The service does not receive any more: data is read and dropped.
    Dropped,
    /// There is no more. `Some` until the error is returned, once, to the service that receives.
    Ended(Option<RecvError>),
}

/// A connection over its socket, which can be read ahead of the service.
pub(crate) trait ReadAhead: View {
    /// The socket.
    type Io: AsyncRead + AsyncWrite + Unpin;

    /// The connection itself.
    fn endpoint(&mut self) -> &mut Endpoint<Self::Io>;

    /// Drops the data that was received and not taken, and from now on all that is received.
    fn discard(&mut self);

    /// Whether [`Incoming::Ended`] is reached.
    fn has_ended(&self) -> bool;

    /// Reads one step ahead of the service. `None` when [`Limits::read_ahead`] is reached, or
    /// nothing more is received.
    ///
    /// [`Limits::read_ahead`]: ws_core::Limits::read_ahead
    fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> Option<Poll<()>>;
}

impl<R: ReadAhead> Drive for R {
    fn poll_drive(
        &mut self,
        cx: &mut Context<'_>,
        receiving: Receiving,
        left: Option<CloseReason>,
    ) -> (Poll<()>, Change) {
        let mut change = Change::Nothing;
        if left.is_some() {
            self.discard();
            self.endpoint().close(left);
        } else if !self.endpoint().connection().is_over() {
            change = match receiving {
                Receiving::No => poll_ahead(self, cx),
                // A handle waits to receive: it has polled the socket, which wakes this task.
                Receiving::Waiting | Receiving::Settled => {
                    self.endpoint().poll_write_and_timers(cx)
                }
            };
            if !self.endpoint().connection().is_over() {
                return (Poll::Pending, change);
            }
            change = Change::State;
        }
        let ended = self.endpoint().poll_end(cx);
        if ended.is_ready() {
            self.endpoint().disconnect();
        }
        (ended, change)
    }
}

/// Drives a connection that no handle receives from: reads ahead up to the limit, answers pings,
/// writes what waits to be sent, and handles deadlines.
fn poll_ahead<R: ReadAhead>(connection: &mut R, cx: &mut Context<'_>) -> Change {
    let mut change = Change::Nothing;
    loop {
        match connection.poll_read_ahead(cx) {
            Some(Poll::Ready(())) => change = Change::Received,
            Some(Poll::Pending) => return change,
            None if connection.has_ended() => {
                return connection.endpoint().poll_write_and_timers(cx).max(change);
            }
            None => return connection.endpoint().poll_read_paused(cx).max(change),
        }
        if connection.has_ended() {
            change = Change::State;
        }
    }
}
