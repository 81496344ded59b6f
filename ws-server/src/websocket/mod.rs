//! Messages over a connection.

mod drive;
mod split;
mod stream;

use std::future::{Future, poll_fn};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::buffer::ReadBuffer;
use ws_core::{CloseReason, Codec, Limits, Message, MessageRef, Outgoing, Timeouts};

pub(crate) use drive::serve;
pub use split::{Receiver, Sender};

use crate::alarm::Alarm;
use crate::endpoint::{Endpoint, Finish, Link};
use crate::error::{RecvError, SendError};
use crate::lease::{Home, Lease};
use crate::socket::Socket;
use crate::stop::Stop;

/// A WebSocket connection that exchanges messages.
///
/// Whatever is received is worked through before anything is written, and all answers leave
/// in one write: a loop of [`recv`](WebSocket::recv) and [`feed`](WebSocket::feed) needs no
/// flush, because `recv` flushes before it waits.
///
/// Pings are answered, deadlines are kept and the closing handshake is held while one of the
/// methods is awaited. Keep receiving.
#[derive(Debug)]
pub struct WebSocket<IO = Socket> {
    endpoint: Lease<Box<Endpoint<IO>>>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Receiving,
    /// The end was reported.
    Ended,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> WebSocket<IO> {
    /// A connection whose opening handshake somebody else has held.
    ///
    /// `received` are the bytes that came behind the request head; they belong to the first
    /// frames.
    pub fn new(
        io: IO,
        codec: Box<dyn Codec>,
        received: &[u8],
        limits: Limits,
        timeouts: Timeouts,
    ) -> WebSocket<IO> {
        let mut read = ReadBuffer::new();
        read.carry(received);
        let alarm = Alarm::new(Stop::default());
        let endpoint = Endpoint::new(io, read, codec, limits, timeouts, alarm);
        WebSocket { endpoint: Lease::owned(Box::new(endpoint)), state: State::Receiving }
    }

    /// Lends a connection to a handler, and tells where it comes back.
    pub(crate) fn lease(endpoint: Box<Endpoint<IO>>) -> (WebSocket<IO>, Home<Box<Endpoint<IO>>>) {
        let (endpoint, home) = Lease::new(endpoint);
        (WebSocket { endpoint, state: State::Receiving }, home)
    }

    /// The next message. `None` once the peer has closed the connection cleanly, and after an
    /// error.
    ///
    /// # Errors
    /// [`RecvError`]; nothing can be received after one.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: the next call goes on where this one was.
    pub async fn recv(&mut self) -> Option<Result<Message, RecvError>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next message, lent from the buffer it was received in, and the way to answer it
    /// while it is lent. It costs neither a copy nor an allocation, and keeps a buffer of the
    /// worker's until the next call: for services that are soon done with a message.
    ///
    /// ```
    /// # async fn echo(mut socket: ws_server::WebSocket) -> std::io::Result<()> {
    /// while let Some(received) = socket.recv_lent().await {
    ///     let (message, mut replies) = received?;
    ///     replies.feed(message).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RecvError`]; nothing can be received after one.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: the next call goes on where this one was.
    #[inline]
    pub async fn recv_lent(
        &mut self,
    ) -> Option<Result<(MessageRef<'_>, Replies<'_, IO>), RecvError>> {
        match poll_fn(|cx| self.poll_whole(cx)).await? {
            Ok(()) => {}
            Err(error) => return Some(Err(error)),
        }
        let Endpoint { link, read, assembler, .. } = &mut **self.endpoint;
        match assembler.lend(read) {
            Ok(message) => Some(Ok((message, Replies { link }))),
            Err(error) => {
                link.fail(error);
                self.state = State::Ended;
                Some(Err(RecvError::Protocol(error)))
            }
        }
    }

    /// Sends a message: `"text"`, `&bytes[..]` or a `&Message`. When this returns, the socket
    /// has taken all of it. A secret is sent as [`Outgoing::uncompressed`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// When the future is dropped, the message may or may not have been taken; if it was, it
    /// is sent whole.
    pub async fn send<'m>(&mut self, message: impl Into<Outgoing<'m>>) -> Result<(), SendError> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Takes a message for sending, and waits only while the send buffer is full, or while more
    /// is left of a long message than the buffer holds: one that is not compressed is written
    /// from where it lies. What was taken leaves with the next [`flush`](WebSocket::flush) or
    /// before [`recv`](WebSocket::recv) waits.
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`send`](WebSocket::send). A future that is leaked, with `std::mem::forget`, may
    /// leave half a message on the wire.
    #[inline]
    pub fn feed<'m>(
        &mut self,
        message: impl Into<Outgoing<'m>>,
    ) -> impl Future<Output = Result<(), SendError>> {
        self.endpoint.link.feed(message.into())
    }

    /// Waits until the socket has taken everything.
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn flush(&mut self) -> Result<(), SendError> {
        poll_fn(|cx| self.endpoint.link.poll_flush(cx)).await
    }

    /// Sends a ping with up to 125 bytes. Any byte the peer sends counts as a sign of life;
    /// connections are kept alive without calling this.
    ///
    /// # Errors
    /// [`SendError::Unsupported`] in drafts without ping.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.endpoint.link.ping(payload)?;
        self.flush().await
    }

    /// Closes the connection: sends a Close, waits for the peer's, and ends the TCP
    /// connection in order. Messages that arrive in between are dropped. It takes no longer
    /// than the closing timeout.
    pub async fn close(mut self, reason: Option<CloseReason>) {
        self.endpoint.link.close(reason);
        // The service may go on behind this, and the socket is there until it has returned.
        self.endpoint.link.end_by_drop(false);
        let mut finish = Finish::AwaitClose;
        poll_fn(|cx| self.endpoint.poll_finish(cx, &mut finish)).await;
    }

    /// Begins the closing handshake, and lets the rest be received: go on calling
    /// [`recv`](WebSocket::recv) until `None`.
    pub fn start_close(&mut self, reason: Option<CloseReason>) {
        self.endpoint.link.close(reason);
    }

    /// Why the peer closed the connection, once it has and if it said so.
    pub fn peer_reason(&self) -> Option<&CloseReason> {
        self.endpoint.link.connection().peer_reason()
    }

    /// What the draft of this connection can express.
    pub fn capabilities(&self) -> &ws_core::Capabilities {
        self.endpoint.link.connection().capabilities()
    }

    /// Splits the connection for two tasks. Pings are answered by whichever half is used.
    pub fn split(self) -> (Receiver<IO>, Sender<IO>) {
        split::split(self)
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, RecvError>>> {
        match ready!(self.poll_whole(cx)) {
            Some(Ok(())) => {}
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
        let endpoint = &mut **self.endpoint;
        let taken = endpoint.assembler.take(&endpoint.read).and_then(|message| {
            if !endpoint.has_unread() {
                // The service may take its time with this one.
                endpoint.release()?;
            }
            Ok(message)
        });
        Poll::Ready(match taken {
            Ok(message) => Some(Ok(message)),
            Err(error) => {
                endpoint.link.fail(error);
                self.end(cx, Some(Err(error.into())))
            }
        })
    }

    /// Waits until the assembler holds a whole message.
    #[inline]
    fn poll_whole(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), RecvError>>> {
        if self.state == State::Ended {
            self.endpoint.discard_received();
            return Poll::Ready(None);
        }
        let outcome = ready!(self.endpoint.poll_message(cx));
        Poll::Ready(match outcome {
            Ok(true) => Some(Ok(())),
            Ok(false) => self.end(cx, None),
            Err(error) => self.end(cx, Some(Err(error))),
        })
    }

    /// The Close that answers the peer leaves now, as far as the socket takes it.
    #[cold]
    fn end<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Option<Result<T, RecvError>>,
    ) -> Option<Result<T, RecvError>> {
        self.state = State::Ended;
        self.endpoint.discard_received();
        let _written = self.endpoint.link.poll_flush(cx);
        outcome
    }
}

/// The way to answer a message while it is lent; see [`WebSocket::recv_lent`].
#[derive(Debug)]
pub struct Replies<'s, IO = Socket> {
    link: &'s mut Link<IO>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Replies<'_, IO> {
    /// As [`WebSocket::feed`].
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`WebSocket::send`].
    #[inline]
    pub fn feed<'m>(
        &mut self,
        message: impl Into<Outgoing<'m>>,
    ) -> impl Future<Output = Result<(), SendError>> {
        self.link.feed(message.into())
    }
}

#[cfg(all(test, feature = "rfc6455"))]
mod tests;
