//! A connection that carries messages.

use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::connection::Untaken;
use ws_core::{Batch, CloseReason, ProtocolError};

use crate::endpoint::{Endpoint, Incoming, ReadAhead};
use crate::error::RecvError;
use crate::runtime::pool;
use crate::runtime::view::View;

/// What a message that was read ahead counts besides its payload, in bytes.
const MESSAGE_COST: usize = 64;

/// A connection, and the messages that were read ahead of the service.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct MessageState<IO> {
    incoming: Incoming,
    /// The messages read ahead, oldest first, in memory of their own. They are returned before the
    /// error of `incoming`. Always empty while that is [`Incoming::Dropped`].
    ahead: Batch,
    /// Whether the service may still have to take some of the messages returned last:
    /// [`Untaken::Some`] from a [`poll_batch`](MessageState::poll_batch) that returned messages
    /// until the next call, or until messages are discarded.
    given: Untaken,
    endpoint: Endpoint<IO>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> MessageState<IO> {
    pub(crate) fn new(endpoint: Endpoint<IO>) -> MessageState<IO> {
        let ahead = Batch::default();
        MessageState { endpoint, ahead, given: Untaken::Nothing, incoming: Incoming::Open }
    }

    /// Waits for the next messages; the caller has taken all earlier ones. `None` at the end.
    #[inline]
    pub(crate) fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Batch>, RecvError>> {
        self.given = Untaken::Nothing;
        let batch = match &mut self.incoming {
            _ if !self.ahead.is_empty() => Ok(Some(std::mem::take(&mut self.ahead))),
            Incoming::Open => ready!(self.endpoint.poll_messages(cx, Untaken::Nothing)),
            Incoming::Dropped => ready!(self.poll_dropped(cx)).map(|()| None),
            Incoming::Ended(error) => error.take().map_or(Ok(None), Err),
        };
        match &batch {
            Ok(Some(_)) => self.given = Untaken::Some,
            Ok(None) | Err(_) => self.end(cx, None),
        }
        Poll::Ready(batch)
    }

    /// Drops what is received, until the end of the connection.
    fn poll_dropped(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
        while ready!(self.endpoint.poll_fragment(cx, Untaken::Nothing))?.is_some() {}
        Poll::Ready(Ok(()))
    }

    /// Marks the end of receiving. The Close that answers the peer is written now, as far as the
    /// socket accepts it.
    #[cold]
    fn end(&mut self, cx: &mut Context<'_>, error: Option<RecvError>) {
        self.incoming = Incoming::Ended(error);
        self.endpoint.discard_received();
        let _written = self.endpoint.poll_flush(cx);
    }

    /// Adds the next messages to those that were read ahead.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
        let untaken = if self.ahead.is_empty() { self.given } else { Untaken::Some };
        match ready!(self.endpoint.poll_messages(cx, untaken))? {
            Some(mut batch) => {
                if let Err(error) = self.ahead.append(&mut batch) {
                    self.endpoint.hold_violation(error);
                }
                pool::give_read(batch);
            }
            None => self.end(cx, None),
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO> MessageState<IO> {
    /// The connection itself.
    #[inline]
    pub(crate) fn endpoint(&mut self) -> &mut Endpoint<IO> {
        &mut self.endpoint
    }

    /// How many bytes of payload were read ahead of the service.
    pub(super) fn read_ahead_bytes(&self) -> usize {
        self.ahead.payload_len()
    }

    /// The reason of the peer's Close.
    pub(super) fn peer_reason(&mut self) -> Option<CloseReason> {
        self.endpoint.connection().peer_reason().cloned()
    }

    /// Fails the connection because the peer broke the protocol: nothing more is received.
    pub(super) fn fail(&mut self, error: ProtocolError) {
        self.endpoint.fail(error);
        self.endpoint.discard_received();
        self.incoming = Incoming::Ended(None);
        self.forget_messages();
    }

    fn forget_messages(&mut self) {
        self.ahead = Batch::default();
        self.given = Untaken::Nothing;
    }

    /// Drops the messages read ahead, and all further ones.
    pub(super) fn discard(&mut self) {
        if let Incoming::Open = self.incoming {
            self.incoming = Incoming::Dropped;
            self.endpoint.discard_data();
        }
        self.forget_messages();
    }
}

impl<IO> View for MessageState<IO> {
    #[inline]
    fn is_closed(&self) -> bool {
        !self.endpoint.connection().is_open()
    }

    fn cut(&mut self) {
        self.endpoint.cut();
    }

    #[inline]
    fn take_news(&mut self) -> bool {
        self.endpoint.take_round_trip_news()
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> ReadAhead for MessageState<IO> {
    type Io = IO;

    fn endpoint(&mut self) -> &mut Endpoint<IO> {
        &mut self.endpoint
    }

    fn discard(&mut self) {
        MessageState::discard(self);
    }

    fn has_ended(&self) -> bool {
        matches!(self.incoming, Incoming::Ended(_))
    }

    fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        let outcome = match self.incoming {
            Incoming::Ended(_) => return None,
            Incoming::Dropped => self.poll_dropped(cx).map_ok(|()| self.end(cx, None)),
            Incoming::Open => {
                let ahead = self.ahead.payload_len() + self.ahead.len() * MESSAGE_COST;
                if ahead >= self.endpoint.connection().limits().read_ahead && ahead > 0 {
                    return None;
                }
                self.poll_more(cx)
            }
        };
        Some(match outcome {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(error)) => {
                self.end(cx, Some(error));
                Poll::Ready(())
            }
        })
    }
}
