//! Messages over a connection.

mod inbox;
mod outbox;
mod properties;
mod replies;
mod round_trip;
mod send;
mod split;
mod state;
mod stream;

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{AsMessage, CloseReason, CodecBox, Limits, Message, MessageRef, Timeouts};

pub use replies::Replies;
pub use send::{Feeding, Sending};
pub use split::{Receiver, Sender};

use self::inbox::Inbox;
use self::outbox::Outbox;
pub(crate) use self::state::MessageState;
use crate::endpoint::Endpoint;
use crate::error::{RecvError, SendError};
use crate::runtime::alarm::Alarm;
use crate::runtime::identity::Identity;
use crate::runtime::keeper::Keeper;
use crate::runtime::shared::Shared;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::wakers::Side;
use crate::socket::Socket;

/// A WebSocket connection that exchanges messages.
///
/// All messages that one read has brought are returned before anything is written, and their
/// answers leave in one write: a loop of [`recv`](WebSocket::recv) and [`feed`](WebSocket::feed)
/// needs no flush, because `recv` flushes before it waits.
///
/// The server's task drives the connection, and this is a handle to it: pings are answered,
/// deadlines are kept and the end of the peer is noticed whatever the handler does. See [what
/// happens while the handler does not
/// receive](crate::guide::messages#what-happens-while-the-handler-does-not-receive).
#[derive(Debug)]
pub struct WebSocket<IO = Socket> {
    shared: Arc<Shared<MessageState<IO>>>,
    /// Messages that were received and are returned next; those read ahead come after them.
    inbox: Inbox,
    /// Messages that were fed and not yet passed to the connection.
    outbox: Outbox,
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<IO> {
    /// A connection whose opening handshake was done elsewhere, over its byte stream.
    ///
    /// `received` are the bytes received after the opening handshake: the beginning of the first
    /// frames. The connection is driven while one of its methods is awaited, or by its
    /// [`keeper`](WebSocket::keeper).
    pub fn new(
        io: IO,
        codec: CodecBox,
        received: &[u8],
        limits: Limits,
        timeouts: Timeouts,
    ) -> WebSocket<IO> {
        let alarm = Alarm::new(Shutdown::default());
        let endpoint = Endpoint::new(io, codec, received, limits, timeouts, alarm);
        WebSocket::over(endpoint, Identity::of_unknown())
    }

    /// A handle to an open connection.
    pub(crate) fn over(endpoint: Endpoint<IO>, identity: Identity) -> WebSocket<IO> {
        let outbox = Outbox::new(endpoint.connection().encoder(), endpoint.room().max(1));
        let shared = Shared::new(MessageState::new(endpoint), identity);
        WebSocket { shared, inbox: Inbox::default(), outbox }
    }

    /// The connection, for its driver.
    pub(crate) fn shared(&self) -> Arc<Shared<MessageState<IO>>> {
        self.shared.clone()
    }

    /// A future that drives a connection of [`WebSocket::new`] while none of its methods is
    /// awaited; to be spawned as a task. It completes when the connection has ended. When the
    /// socket is dropped, it closes the connection with status 1000. One is enough, and a
    /// connection of a server needs none.
    ///
    /// # Cancel safety
    /// When it is dropped, the connection is again driven while one of its methods is awaited.
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
    /// Cancel-safe: dropping the future loses nothing, the next call continues.
    pub async fn recv(&mut self) -> Option<Result<Message, RecvError>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next message, borrowed from the buffer it was received in, and a handle to answer it
    /// while it is borrowed. It costs neither a copy nor an allocation, and keeps a buffer of the
    /// worker thread until the next call: for services that are soon done with a message.
    /// `None` as with [`recv`](WebSocket::recv).
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
    /// Cancel-safe: dropping the future loses nothing, the next call continues.
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

    /// Sends a message: text, bytes or a `Message`, owned or borrowed. When this returns, the
    /// socket has accepted all of it. A secret is sent as
    /// [`Outgoing::uncompressed`](crate::Outgoing::uncompressed).
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// When the future is dropped, the message may or may not have been taken; if it was, all of it
    /// is sent.
    pub fn send<M: AsMessage>(&mut self, message: M) -> Sending<'_, M, IO> {
        Sending(self.feed(message))
    }

    /// Takes a message for sending. Waits only while the send buffer
    /// ([`Limits::send_buffer`]) is full, or while more is left of a long message than the buffer
    /// has room for: a long message that is not compressed is written without a copy. What was
    /// taken is sent by the next [`flush`](WebSocket::flush), or before [`recv`](WebSocket::recv)
    /// waits.
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`send`](WebSocket::send). A future that is leaked, as with `std::mem::forget`, may
    /// leave a message on the wire of which the rest never follows.
    #[inline]
    pub fn feed<M: AsMessage>(&mut self, message: M) -> Feeding<'_, M, IO> {
        Feeding::new(&self.shared, Some(&mut self.outbox), message)
    }

    /// Waits until the socket has accepted everything that was sent or fed.
    ///
    /// # Errors
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn flush(&mut self) -> Result<(), SendError> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends a ping with a payload of up to 125 bytes (RFC 6455 §5.5.2), and flushes. The server
    /// sends keepalive pings itself; any byte from the peer counts as a sign of life.
    ///
    /// # Errors
    /// [`SendError`]; [`SendError::Unsupported`] in drafts without ping.
    ///
    /// # Cancel safety
    /// As with [`send`](WebSocket::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.outbox.change(&self.shared, |view| view.endpoint().ping(payload))?;
        self.flush().await
    }

    /// Closes the connection: sends a Close, waits for the peer's, and ends the TCP connection in
    /// order (RFC 6455 §7.1.1). Messages that arrive meanwhile are dropped. It takes no longer
    /// than [`Timeouts::closing`] allows.
    ///
    /// # Cancel safety
    /// Once it was polled, the server's task continues to close the connection when the future is
    /// dropped.
    pub async fn close(mut self, reason: Option<CloseReason>) {
        self.start_close(reason);
        self.shared.change(|state| state.view.discard());
        poll_fn(|cx| self.shared.visit(Side::Reader, cx, |view, cx| view.endpoint().poll_end(cx)))
            .await;
    }

    /// Begins the closing handshake; what the peer still sends can be received: continue to call
    /// [`recv`](WebSocket::recv) until it returns `None`.
    pub fn start_close(&mut self, reason: Option<CloseReason>) {
        self.outbox.change(&self.shared, |view| view.endpoint().close(reason));
    }

    /// Has all further messages read and dropped. This cannot be undone: [`recv`](WebSocket::recv)
    /// then only waits for the end of the connection.
    pub fn discard_incoming(&mut self) {
        self.inbox.discard();
        self.shared.change(|state| state.view.discard());
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
        // Replies to earlier messages are sent before the Close.
        Poll::Ready(inbox.take(|error| outbox.change(shared, |view| view.fail(error))))
    }

    /// Waits for the next messages.
    #[inline]
    fn poll_inbox(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), RecvError>>> {
        let WebSocket { shared, inbox, outbox } = self;
        shared.visit(Side::Reader, cx, |view, cx| {
            // That nothing can be sent any more is an error of sending, not of receiving.
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

/// What was fed is sent; what was received is dropped.
impl<IO> Drop for WebSocket<IO> {
    fn drop(&mut self) {
        let outbox = &mut self.outbox;
        self.shared.drop_handle(|view| _ = outbox.empty_into(view.endpoint()));
    }
}

#[cfg(all(test, feature = "rfc6455"))]
mod tests;
