//! `Stream` and `Sink` for messages.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{AsMessage as _, CloseCode, CloseReason, Message};

use super::{Sender, WebSocket};
use crate::error::{RecvError, SendError};
use crate::runtime::wakers::Side;

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Stream for WebSocket<IO> {
    type Item = Result<Message, RecvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_recv(cx)
    }
}

/// The halves that `StreamExt::split` of `futures` returns may be used from two tasks, as those of
/// [`WebSocket::split`], which need no additional lock.
///
/// Closing the sink begins the closing handshake with status 1000 (RFC 6455 §7.4.1) and flushes;
/// the peer's Close is the end of the stream.
impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Sink<Message> for WebSocket<IO> {
    type Error = SendError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let this = self.get_mut();
        if this.outbox.has_room() && !this.shared.is_closed() {
            return Poll::Ready(Ok(()));
        }
        let outbox = &mut this.outbox;
        this.shared.visit(Side::Writer, cx, |view, cx| {
            outbox.empty_into(view.endpoint())?;
            view.endpoint().poll_room(cx)
        })
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), SendError> {
        let this = self.get_mut();
        let message = message.as_message();
        if this.shared.is_closed() {
            return Err(SendError::Closed);
        }
        if this.outbox.push(message) {
            return Ok(());
        }
        this.outbox.change(&this.shared, |view| view.endpoint().put(message))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        WebSocket::poll_flush(self.get_mut(), cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let this = self.get_mut();
        if !this.shared.is_closed() {
            this.start_close(Some(CloseReason::new(CloseCode::NORMAL, "")));
        }
        WebSocket::poll_flush(this, cx)
    }
}

/// As that of a [`WebSocket`].
impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Sink<Message> for Sender<IO> {
    type Error = SendError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.shared.visit(Side::Writer, cx, |view, cx| view.endpoint().poll_room(cx))
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), SendError> {
        if self.shared.is_closed() {
            return Err(SendError::Closed);
        }
        self.shared.change(|state| state.view.endpoint().put(message.as_message()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.shared.visit(Side::Writer, cx, |view, cx| view.endpoint().poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        if !self.shared.is_closed() {
            let reason = CloseReason::new(CloseCode::NORMAL, "");
            self.shared.change(|state| state.view.endpoint().close(Some(reason)));
        }
        Sink::poll_flush(self, cx)
    }
}
