//! A connection for two tasks, one that receives and one that sends.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{AsMessage, CloseReason, Message};

use super::WebSocket;
use super::inbox::Inbox;
use super::send::{Feeding, Sending};
use super::state::MessageState;
use crate::error::{RecvError, SendError};
use crate::runtime::shared::Shared;
use crate::runtime::wakers::Side;
use crate::socket::Socket;

/// The half that receives; from [`WebSocket::split`]. When it is dropped, all further messages are
/// read and dropped.
#[derive(Debug)]
pub struct Receiver<IO = Socket> {
    pub(super) shared: Arc<Shared<MessageState<IO>>>,
    inbox: Inbox,
}

/// The half that sends; from [`WebSocket::split`]. Clones of it send over the same connection, from
/// any number of tasks: messages are sent whole, in the order in which the connection accepts them.
/// The connection is closed when all of them and the [`Receiver`] are dropped.
#[derive(Debug)]
pub struct Sender<IO = Socket> {
    pub(super) shared: Arc<Shared<MessageState<IO>>>,
}

impl<IO> Clone for Sender<IO> {
    fn clone(&self) -> Sender<IO> {
        self.shared.add_handles(1);
        Sender { shared: self.shared.clone() }
    }
}

pub(super) fn split<IO>(socket: WebSocket<IO>) -> (Receiver<IO>, Sender<IO>) {
    let shared = socket.shared.clone();
    shared.add_handles(2);
    let mut socket = socket;
    let inbox = std::mem::take(&mut socket.inbox);
    // Its drop passes what was fed to the connection.
    drop(socket);
    (Receiver { shared: shared.clone(), inbox }, Sender { shared })
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Receiver<IO> {
    /// As [`WebSocket::recv`].
    ///
    /// # Errors
    /// [`RecvError`].
    ///
    /// # Cancel safety
    /// Cancel-safe: dropping the future loses nothing, the next call continues.
    pub async fn recv(&mut self) -> Option<Result<Message, RecvError>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, RecvError>>> {
        let Receiver { shared, inbox } = self;
        if inbox.is_empty() {
            let filled = shared.visit(Side::Reader, cx, |view, cx| inbox.poll_fill(view, cx));
            match ready!(filled) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        Poll::Ready(inbox.take(|error| shared.change(|state| state.view.fail(error))))
    }

    /// As [`WebSocket::discard_incoming`]. Dropping this half does the same.
    pub fn discard_incoming(&mut self) {
        self.inbox.discard();
        self.shared.change(|state| state.view.discard());
    }
}

impl<IO> Drop for Receiver<IO> {
    fn drop(&mut self) {
        self.shared.drop_handle(MessageState::discard);
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Stream for Receiver<IO> {
    type Item = Result<Message, RecvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_recv(cx)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Sender<IO> {
    /// As [`WebSocket::send`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`WebSocket::send`].
    pub fn send<M: AsMessage>(&mut self, message: M) -> Sending<'_, M, IO> {
        Sending(self.feed(message))
    }

    /// As [`WebSocket::feed`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`WebSocket::send`].
    pub fn feed<M: AsMessage>(&mut self, message: M) -> Feeding<'_, M, IO> {
        Feeding::new(&self.shared, None, message)
    }

    /// As [`WebSocket::flush`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn flush(&mut self) -> Result<(), SendError> {
        poll_fn(|cx| self.shared.visit(Side::Writer, cx, |view, cx| view.endpoint().poll_flush(cx)))
            .await
    }

    /// As [`WebSocket::ping`].
    ///
    /// # Errors
    /// [`SendError::Unsupported`] in drafts without ping.
    ///
    /// # Cancel safety
    /// When the future is dropped, the ping may or may not be sent.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.shared.change(|state| state.view.endpoint().ping(payload))?;
        self.flush().await
    }

    /// Begins the closing handshake, and flushes. The receiving half gets what the peer still
    /// sends, and then `None`.
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn close(&mut self, reason: Option<CloseReason>) -> Result<(), SendError> {
        self.shared.change(|state| state.view.endpoint().close(reason));
        self.flush().await
    }

    /// As [`WebSocket::closed`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn closed(&self) -> Option<CloseReason> {
        poll_fn(|cx| self.shared.poll_closed(cx, |view| view.endpoint().poll_peer_gone())).await
    }
}

impl<IO> Drop for Sender<IO> {
    fn drop(&mut self) {
        self.shared.drop_handle(|_| {});
    }
}
