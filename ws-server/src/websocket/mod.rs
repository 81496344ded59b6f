//! Messages over a connection.

mod inbox;
mod outbox;
mod replies;
mod send;
mod split;
mod state;
mod stream;

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{
    Capabilities, CloseReason, CodecBox, Limits, Message, MessageRef, Outgoing, Timeouts,
};

pub use replies::Replies;
pub use split::{Receiver, Sender};

use self::inbox::Inbox;
use self::outbox::Outbox;
use self::send::Sending;
pub(crate) use self::state::MessageState;
use crate::endpoint::Endpoint;
use crate::error::{RecvError, SendError};
use crate::runtime::alarm::Alarm;
use crate::runtime::keeper::Keeper;
use crate::runtime::shared::Shared;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::wakers::Side;
use crate::socket::Socket;

/// A WebSocket connection that exchanges messages.
///
/// Whatever is received is worked through before anything is written, and all answers leave
/// in one write: a loop of [`recv`](WebSocket::recv) and [`feed`](WebSocket::feed) needs no
/// flush, because `recv` flushes before it waits.
///
/// A connection lives in its server's task, and this is a handle on it: pings are answered,
/// deadlines kept and the peer's end noticed whatever the handler does. See [what happens while the
/// handler does not receive](crate#what-happens-while-the-handler-does-not-receive).
#[derive(Debug)]
pub struct WebSocket<IO = Socket> {
    shared: Arc<Shared<MessageState<IO>>>,
    /// Messages that were received, and are next to be taken.
    inbox: Inbox,
    outbox: Outbox,
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<IO> {
    /// A connection whose opening handshake somebody else has held.
    ///
    /// `received` are the bytes that came behind the request head; they belong to the first
    /// frames.
    pub fn new(
        io: IO,
        codec: CodecBox,
        received: &[u8],
        limits: Limits,
        timeouts: Timeouts,
    ) -> WebSocket<IO> {
        let alarm = Alarm::new(Shutdown::default());
        WebSocket::over(Endpoint::new(io, codec, received, limits, timeouts, alarm))
    }

    /// A handle on an open connection.
    pub(crate) fn over(endpoint: Endpoint<IO>) -> WebSocket<IO> {
        let outbox = Outbox::new(endpoint.connection().encoder(), endpoint.room().max(1));
        let shared = Shared::new(MessageState::new(endpoint));
        WebSocket { shared, inbox: Inbox::default(), outbox }
    }

    /// The connection, for its driver.
    pub(crate) fn shared(&self) -> Arc<Shared<MessageState<IO>>> {
        self.shared.clone()
    }

    /// What keeps a connection of [`WebSocket::new`] going while nothing of its socket is awaited:
    /// a future for a task of its own. It is done when the connection has ended; when the socket is
    /// dropped, it closes the connection with status 1000. One is enough, and a connection of a
    /// server needs none.
    ///
    /// # Cancel safety
    /// When it is dropped, the connection goes on while something of its socket is awaited.
    pub fn keeper(&self) -> impl Future<Output = ()> + Send + use<IO>
    where
        IO: 'static,
    {
        Keeper::new(self.shared.clone())
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
        if self.inbox.is_empty()
            && let Err(error) = poll_fn(|cx| self.poll_inbox(cx)).await?
        {
            return Some(Err(error));
        }
        let WebSocket { shared, inbox, outbox } = self;
        match inbox.lend()? {
            Ok(message) => Some(Ok((message, Replies { shared, outbox }))),
            Err(error) => {
                outbox.change(shared, |view| view.fail(error));
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
        Sending::new(&self.shared, Some(&mut self.outbox), message.into())
    }

    /// Waits until the socket has taken everything.
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn flush(&mut self) -> Result<(), SendError> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends a ping with up to 125 bytes. Any byte the peer sends counts as a sign of life;
    /// connections are kept alive without calling this.
    ///
    /// # Errors
    /// [`SendError::Unsupported`] in drafts without ping.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.outbox.change(&self.shared, |view| view.endpoint().ping(payload))?;
        self.flush().await
    }

    /// Closes the connection: sends a Close, waits for the peer's, and ends the TCP
    /// connection in order. Messages that arrive in between are dropped. It takes no longer
    /// than the closing timeout.
    pub async fn close(mut self, reason: Option<CloseReason>) {
        self.start_close(reason);
        self.shared.change(|state| state.view.discard());
        poll_fn(|cx| self.shared.visit(Side::Reader, cx, |view, cx| view.endpoint().poll_end(cx)))
            .await;
    }

    /// Begins the closing handshake, and lets the rest be received: go on calling
    /// [`recv`](WebSocket::recv) until `None`.
    pub fn start_close(&mut self, reason: Option<CloseReason>) {
        self.outbox.change(&self.shared, |view| view.endpoint().close(reason));
    }

    /// Has all that still comes read and thrown away, for good: [`recv`](WebSocket::recv) gives
    /// nothing any more, and waits for the end.
    pub fn discard_incoming(&mut self) {
        self.inbox.discard();
        self.shared.change(|state| state.view.discard());
    }

    /// Completes when the peer has gone: it has closed the connection, has ended it, or counts as
    /// dead. Gives the reason of its Close, if there was one.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn closed(&self) -> Option<CloseReason> {
        poll_fn(|cx| self.shared.poll_closed(cx, |view| view.endpoint().poll_peer_gone())).await
    }

    /// Why the peer closed the connection, once it has and if it said so.
    pub fn peer_reason(&self) -> Option<CloseReason> {
        self.shared.look(MessageState::peer_reason)
    }

    /// What the draft of this connection can express.
    pub fn capabilities(&self) -> Capabilities {
        self.shared.look(|view| *view.endpoint().connection().capabilities())
    }

    /// Splits the connection for two tasks.
    pub fn split(self) -> (Receiver<IO>, Sender<IO>) {
        split::split(self)
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, RecvError>>> {
        if self.inbox.is_empty() {
            match ready!(self.poll_inbox(cx)) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let WebSocket { shared, inbox, outbox } = self;
        // Replies to what came before go out before the Close.
        Poll::Ready(inbox.take(|error| outbox.change(shared, |view| view.fail(error))))
    }

    /// Waits for the next messages.
    #[inline]
    fn poll_inbox(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), RecvError>>> {
        let WebSocket { shared, inbox, outbox } = self;
        shared.visit(Side::Reader, cx, |view, cx| {
            // What cannot be sent any more is told to whoever sends.
            let _closed = outbox.empty_into(view.endpoint());
            inbox.poll_fill(view, cx)
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let outbox = &mut self.outbox;
        self.shared.visit(Side::Writer, cx, |view, cx| {
            outbox.empty_into(view.endpoint())?;
            view.endpoint().poll_flush(cx)
        })
    }
}

/// What was fed goes out, and what was received is dropped.
impl<IO> Drop for WebSocket<IO> {
    fn drop(&mut self) {
        let outbox = &mut self.outbox;
        self.shared.drop_handle(|view| _ = outbox.empty_into(view.endpoint()));
    }
}

#[cfg(all(test, feature = "rfc6455"))]
mod tests;
