//! Passing a message from a handle to its connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{AsMessage, Outgoing};

use super::outbox::Outbox;
use super::state::MessageState;
use crate::endpoint::{Endpoint, SendProgress, is_long};
use crate::error::SendError;
use crate::runtime::shared::Shared;
use crate::runtime::wakers::Side;

/// The future of [`WebSocket::feed`](super::WebSocket::feed) and of those of the same name.
///
/// A short message is taken when this is created, if there is room. A long one is written directly
/// from where it is; when this is dropped before all is written, the rest is copied, so that the
/// message is sent as a whole.
#[derive(Debug)]
#[must_use = "a long message is taken only while this is awaited"]
pub struct Feeding<'s, M, IO> {
    shared: &'s Shared<MessageState<IO>>,
    /// `None` for a [`Sender`](super::Sender), which has no outbox.
    outbox: Option<&'s mut Outbox>,
    message: M,
    /// The message, borrowed. Not a bound on `M`: the compiler would repeat an error about the type
    /// of a message wherever this type is named.
    as_message: for<'m> fn(&'m M) -> Outgoing<'m>,
    progress: SendProgress,
}

/// Nothing is pinned.
impl<M, IO> Unpin for Feeding<'_, M, IO> {}

impl<'s, M, IO> Feeding<'s, M, IO> {
    #[inline]
    pub(super) fn new(
        shared: &'s Shared<MessageState<IO>>,
        mut outbox: Option<&'s mut Outbox>,
        message: M,
    ) -> Feeding<'s, M, IO>
    where
        M: AsMessage,
    {
        let outgoing = message.as_message();
        let taken = !is_long(outgoing)
            && !shared.is_closed()
            && outbox.as_mut().is_some_and(|outbox| outbox.push(outgoing));
        let progress = if taken { SendProgress::Taken } else { SendProgress::Waiting };
        Feeding { shared, outbox, message, as_message: M::as_message, progress }
    }
}

impl<M, IO> Feeding<'_, M, IO>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send,
{
    /// Waits until the message is taken.
    #[inline]
    fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let Feeding { shared, outbox, message, as_message, progress } = self;
        if let SendProgress::Taken = progress {
            return Poll::Ready(Ok(()));
        }
        shared.visit(Side::Writer, cx, |view, cx| {
            let endpoint = view.endpoint();
            if let Some(outbox) = outbox {
                outbox.empty_into(endpoint)?;
            }
            ready!(endpoint.poll_budget(cx));
            let outcome = endpoint.poll_send(cx, as_message(message), progress);
            if let Some(outbox) = outbox {
                outbox.look_at(endpoint);
            }
            outcome
        })
    }

    /// Waits until the socket has accepted the message, and all before it.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        ready!(self.poll_taken(cx))?;
        self.progress = SendProgress::Taken;
        let outbox = &mut self.outbox;
        self.shared.visit(Side::Writer, cx, |view, cx| {
            if let Some(outbox) = outbox {
                outbox.empty_into(view.endpoint())?;
            }
            view.endpoint().poll_flush(cx)
        })
    }
}

impl<M, IO> Future for Feeding<'_, M, IO>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send,
{
    type Output = Result<(), SendError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.get_mut().poll_taken(cx)
    }
}

impl<M, IO> Drop for Feeding<'_, M, IO> {
    #[inline]
    fn drop(&mut self) {
        if let SendProgress::Begun { .. } = self.progress {
            self.copy_rest_of_payload();
        }
    }
}

impl<M, IO> Feeding<'_, M, IO> {
    #[cold]
    fn copy_rest_of_payload(&mut self) {
        let Feeding { shared, outbox, message, as_message, progress } = self;
        shared.change(|state| {
            state.view.endpoint().copy_rest_of_payload(as_message(message), progress);
            if let Some(outbox) = outbox {
                outbox.look_at(state.view.endpoint());
            }
        });
    }
}

/// The future of [`WebSocket::send`](super::WebSocket::send) and of
/// [`Sender::send`](super::Sender::send): a [`Feeding`], and then a flush.
#[derive(Debug)]
#[must_use = "a message is sent only while this is awaited"]
pub struct Sending<'s, M, IO>(pub(super) Feeding<'s, M, IO>);

impl<M, IO> Future for Sending<'_, M, IO>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send,
{
    type Output = Result<(), SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.get_mut().0.poll_sent(cx)
    }
}

impl Outbox {
    /// Passes its messages to the connection, and then does `act` with that. If the connection is
    /// closed they are dropped, which is an error of the next send.
    pub(super) fn change<IO, R>(
        &mut self,
        shared: &Shared<MessageState<IO>>,
        act: impl FnOnce(&mut MessageState<IO>) -> R,
    ) -> R {
        shared.change(|state| {
            let _closed = self.empty_into(state.view.endpoint());
            let outcome = act(&mut state.view);
            self.look_at(state.view.endpoint());
            outcome
        })
    }

    /// Passes its messages to the connection.
    ///
    /// # Errors
    /// [`SendError::Closed`]; the messages are dropped.
    #[inline]
    pub(super) fn empty_into<IO>(&mut self, endpoint: &mut Endpoint<IO>) -> Result<(), SendError> {
        let outcome = endpoint.send_encoded(self.encoded());
        self.look_at(endpoint);
        outcome
    }

    /// Limits its room to that of the connection's send buffer.
    #[inline]
    fn look_at<IO>(&mut self, endpoint: &Endpoint<IO>) {
        self.set_room(if endpoint.has_room() { endpoint.room().max(1) } else { 0 });
    }
}
