//! A connection for two tasks, one that receives and one that sends.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseReason, Message, Outgoing};

use super::WebSocket;
use crate::error::{RecvError, SendError};
use crate::shared::{Shared, Side};
use crate::socket::Socket;

/// The half that receives; from [`WebSocket::split`].
#[derive(Debug)]
pub struct Receiver<IO = Socket> {
    shared: Arc<Shared<WebSocket<IO>>>,
}

/// The half that sends; from [`WebSocket::split`].
#[derive(Debug)]
pub struct Sender<IO = Socket> {
    shared: Arc<Shared<WebSocket<IO>>>,
}

pub(super) fn split<IO>(socket: WebSocket<IO>) -> (Receiver<IO>, Sender<IO>) {
    let shared = Arc::new(Shared::new(socket));
    (Receiver { shared: shared.clone() }, Sender { shared })
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Receiver<IO> {
    /// As [`WebSocket::recv`].
    ///
    /// # Errors
    /// [`RecvError`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<Result<Message, RecvError>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, RecvError>>> {
        self.shared.poll(Side::Reader, cx, |socket, cx| socket.poll_recv(cx))
    }

    /// Why the peer closed the connection, once it has and if it said so.
    pub fn peer_reason(&self) -> Option<CloseReason> {
        self.shared.with(|socket| socket.peer_reason().cloned())
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Stream for Receiver<IO> {
    type Item = Result<Message, RecvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_recv(cx)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Sender<IO> {
    /// As [`WebSocket::send`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`WebSocket::send`].
    pub async fn send<'m>(&mut self, message: impl Into<Outgoing<'m>>) -> Result<(), SendError> {
        self.feed(message).await?;
        self.flush().await
    }

    /// As [`WebSocket::feed`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`WebSocket::send`].
    pub async fn feed<'m>(&mut self, message: impl Into<Outgoing<'m>>) -> Result<(), SendError> {
        let message = message.into();
        poll_fn(|cx| {
            self.shared
                .poll(Side::Writer, cx, |socket, cx| socket.endpoint.link.poll_feed(cx, message))
        })
        .await
    }

    /// As [`WebSocket::flush`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn flush(&mut self) -> Result<(), SendError> {
        poll_fn(|cx| {
            self.shared.poll(Side::Writer, cx, |socket, cx| socket.endpoint.link.poll_flush(cx))
        })
        .await
    }

    /// Begins the closing handshake and sends it. The receiving half gets what is still to
    /// come, and then `None`.
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn close(&mut self, reason: Option<CloseReason>) -> Result<(), SendError> {
        self.shared.with(|socket| socket.start_close(reason));
        // The receiving half waits with the deadlines of an open connection.
        self.shared.wake();
        self.flush().await
    }
}
