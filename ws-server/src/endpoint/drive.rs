//! What the task of a connection does for it, over its socket.

use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::CloseReason;

use super::Endpoint;
use crate::error::RecvError;
use crate::runtime::receiving::Receiving;
use crate::runtime::view::{Change, Drive, View};

/// What becomes of what comes.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It is received.
    Open,
    /// Nobody receives it: it is dropped.
    Dropped,
    /// It has ended; whoever receives is told once if that was an error.
    Ended(Option<RecvError>),
}

/// A connection over its socket.
pub(crate) trait ReadAhead: View {
    /// The socket.
    type Io: AsyncRead + AsyncWrite + Unpin;

    /// The connection itself.
    fn endpoint(&mut self) -> &mut Endpoint<Self::Io>;

    /// Takes note that nobody receives any more: what comes is dropped.
    fn discard(&mut self);

    /// Whether nothing more comes.
    fn has_ended(&self) -> bool;

    /// Reads one step ahead; `None` when there is no more room, and nothing more to read.
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
                // Whoever waits is told of what comes.
                Receiving::Waiting | Receiving::Settled => self.endpoint().poll_beside(cx),
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

/// Does what is to be done while nobody receives: reads ahead, as far as it may, answers pings,
/// sends what waits, keeps deadlines.
fn poll_ahead<R: ReadAhead>(connection: &mut R, cx: &mut Context<'_>) -> Change {
    let mut change = Change::Nothing;
    loop {
        match connection.poll_read_ahead(cx) {
            Some(Poll::Ready(())) => change = Change::Received,
            Some(Poll::Pending) => return change,
            None if connection.has_ended() => {
                return connection.endpoint().poll_beside(cx).max(change);
            }
            None => return connection.endpoint().poll_unheard(cx).max(change),
        }
        if connection.has_ended() {
            change = Change::State;
        }
    }
}
