//! `Stream` and `Sink` of messages.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseReason, Message, MessageRef, StatusCode};

use super::WebSocket;
use crate::error::{RecvError, SendError};

impl<IO: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<IO> {
    type Item = Result<Message, RecvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_recv(cx)
    }
}

/// To receive and send from two tasks use [`WebSocket::split`], which lets each be woken by
/// deadlines and by the server's stop. Halves that `futures` makes share one place for that.
///
/// Closing the sink begins the closing handshake with status 1000 and sends it; the peer's
/// Close comes as the end of the stream.
impl<IO: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<IO> {
    type Error = SendError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.get_mut().endpoint.link.poll_room(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), SendError> {
        self.get_mut().endpoint.link.put(MessageRef::from(&message).into())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.get_mut().endpoint.link.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let link = &mut self.get_mut().endpoint.link;
        link.close(Some(CloseReason::new(StatusCode::NORMAL, "")));
        ready!(link.poll_flush(cx))?;
        Poll::Ready(Ok(()))
    }
}
