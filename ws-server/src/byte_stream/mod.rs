//! A connection as a stream of bytes.

mod base64;
mod encoding;
mod piece;
mod read_ahead;
mod state;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use ws_core::CloseReason;

use encoding::Encoding;
pub(crate) use state::StreamState;

use crate::connection_id::ConnectionId;
use crate::endpoint::Endpoint;
use crate::runtime::identity::Identity;
use crate::runtime::shared::Shared;
use crate::runtime::wakers::Side;
use crate::socket::Socket;
use crate::stats::ConnectionStats;

/// A WebSocket connection as a stream of bytes, like a TCP connection.
///
/// Message boundaries have no meaning here. The bytes are sent in binary messages; as base64 in
/// text messages when the subprotocol `base64` was agreed on; and as text in drafts without binary
/// messages. There, an incomplete UTF-8 character is held back until the rest is written, and bytes
/// that are not UTF-8 are refused with `InvalidData`.
///
/// * **Reading.** The end of the stream is the peer's Close, or the end of its TCP connection
///   between two messages. Within a message the latter is `UnexpectedEof`. A peer that breaks the
///   protocol is `InvalidData`.
/// * **Writing.** Bytes are sent without a flush. A write waits while the send buffer is full;
///   after either side has closed the connection it fails with `BrokenPipe`.
/// * **Shutting down** begins the closing handshake; what the peer still sends can be read
///   until its own Close. Dropping the stream does the same and reads nothing more.
///
/// The server's task answers pings, keeps deadlines and notices the end of the peer, whatever the
/// service does. What the service does not read is read ahead, up to
/// [`Limits::read_ahead`](crate::Limits::read_ahead) (64 KiB); beyond that the peer has to wait,
/// and what it sends after these bytes, pings included, is not seen. A Close after bytes that are
/// not read waits until they are read, for a second at most, so that an answer that the service
/// writes is still sent (RFC 6455 §5.5.1).
#[derive(Debug)]
pub struct ByteStream<IO = Socket> {
    shared: Arc<Shared<StreamState<IO>>>,
    /// The bytes that `fill_buf` returns: copied, since those in `shared` are under its lock.
    /// Empty, without memory, once all are consumed.
    filled: Vec<u8>,
    /// How many bytes of `filled` are consumed: less than its length, or both are 0.
    consumed: usize,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> ByteStream<IO> {
    /// A handle to an open connection. The subprotocol that was agreed on decides the encoding.
    pub(crate) fn over(endpoint: Endpoint<IO>, identity: Identity) -> ByteStream<IO> {
        let subprotocol = identity.subprotocol.as_deref();
        let encoding = Encoding::choose(subprotocol, endpoint.connection().capabilities());
        let shared = Shared::new(StreamState::new(endpoint, encoding), identity);
        ByteStream { shared, filled: Vec::new(), consumed: 0 }
    }

    /// The state of the connection at this moment, for logs.
    pub fn stats(&self) -> ConnectionStats {
        self.shared.look(|state| {
            let read_ahead = state.bytes().len() + self.lent().len();
            ConnectionStats::new(self.shared.identity(), state.endpoint.connection(), read_ahead)
        })
    }
}

impl<IO> ByteStream<IO> {
    /// The connection, for its driver.
    pub(crate) fn shared(&self) -> Arc<Shared<StreamState<IO>>> {
        self.shared.clone()
    }

    /// The number of the connection, for logs and as a key.
    pub fn id(&self) -> ConnectionId {
        self.shared.identity().id
    }

    /// The subprotocol that was agreed on (RFC 6455 §1.9); it may be `binary` or `base64`.
    pub fn subprotocol(&self) -> Option<&str> {
        self.shared.identity().subprotocol.as_deref()
    }

    /// Begins the closing handshake with this reason, and does not wait for it to be sent.
    /// [`AsyncWrite::poll_shutdown`] closes with status 1000.
    pub fn close(&mut self, reason: CloseReason) {
        self.shared.change(|state| state.view.close(reason));
    }

    /// Has all further bytes received and dropped. This cannot be undone: reading then only waits
    /// for the end of the stream.
    pub fn discard_incoming(&mut self) {
        self.filled = Vec::new();
        self.consumed = 0;
        self.shared.change(|state| state.view.discard());
    }

    /// Completes when nothing more can be received: the peer has closed the connection or ended its
    /// TCP connection, or counts as dead. Returns the reason of its Close, if there was one.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn closed(&self) -> Option<CloseReason> {
        poll_fn(|cx| {
            self.shared.visit(Side::Closed, cx, |state, _cx| state.endpoint().poll_peer_gone())
        })
        .await
    }

    /// What `fill_buf` returns and is not consumed.
    fn lent(&self) -> &[u8] {
        &self.filled[self.consumed..]
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> AsyncRead for ByteStream<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.lent().is_empty() {
            let count = this.lent().len().min(buf.remaining());
            buf.put_slice(&this.lent()[..count]);
            Pin::new(this).consume(count);
            return Poll::Ready(Ok(()));
        }
        this.shared.visit(Side::Reader, cx, |state, cx| state.poll_read(cx, buf))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> AsyncBufRead for ByteStream<IO> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.lent().is_empty() {
            let filled = &mut this.filled;
            filled.clear();
            this.consumed = 0;
            ready!(this.shared.visit(Side::Reader, cx, |state, cx| {
                if ready!(state.poll_bytes(cx))? {
                    filled.extend_from_slice(state.bytes());
                    state.consume(filled.len());
                }
                Poll::Ready(Ok::<_, io::Error>(()))
            }))?;
        }
        Poll::Ready(Ok(this.lent()))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        let this = self.get_mut();
        this.consumed = (this.consumed + count).min(this.filled.len());
        if this.consumed == this.filled.len() {
            // An idle stream must hold no buffer.
            this.filled = Vec::new();
            this.consumed = 0;
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> AsyncWrite for ByteStream<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.visit(Side::Writer, cx, |state, cx| state.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.visit(Side::Writer, cx, StreamState::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.visit(Side::Writer, cx, StreamState::poll_shutdown)
    }
}

impl<IO> Drop for ByteStream<IO> {
    fn drop(&mut self) {
        self.shared.drop_handle(|_| {});
    }
}
