//! A connection as a stream of bytes.

mod carriage;
mod drive;
mod state;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use ws_core::CloseReason;

pub(crate) use drive::serve;
use state::StreamState;

use crate::shared::{Shared, Side};
use crate::socket::Socket;

/// A WebSocket connection as a stream of bytes, like a TCP connection.
///
/// Message boundaries mean nothing here. The bytes travel in binary messages; as base64 in
/// text messages when the client asked for the subprotocol `base64`; and as text in drafts
/// that have nothing else, where a character that is half written is held back and bytes that
/// are not UTF-8 are refused with `InvalidData`.
///
/// * **Reading.** The end of the stream is the peer's Close, or the end of its TCP connection
///   between two messages. Within a message the latter is `UnexpectedEof`, and a peer that
///   breaks the protocol is `InvalidData`.
/// * **Writing.** Bytes go out without a flush. A write waits while the send buffer is full;
///   after either side has closed it fails with `BrokenPipe`.
/// * **Shutting down** begins the closing handshake; what the peer still sends can be read
///   until its own Close. Dropping the stream does the same and reads nothing more.
///
/// Pings are answered and deadlines kept by the server's task, whatever the service does.
#[derive(Debug)]
pub struct ByteStream<IO = Socket> {
    shared: Arc<Shared<StreamState<IO>>>,
    /// What `fill_buf` has lent: it cannot be lent from behind the lock.
    filled: Vec<u8>,
    consumed: usize,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> ByteStream<IO> {
    fn new(shared: Arc<Shared<StreamState<IO>>>) -> ByteStream<IO> {
        ByteStream { shared, filled: Vec::new(), consumed: 0 }
    }

    /// Begins the closing handshake with a reason of your own. [`AsyncWrite::poll_shutdown`]
    /// does it with status 1000.
    pub fn close(&mut self, reason: CloseReason) {
        self.shared.with(|state| state.close(reason));
        self.shared.wake();
    }

    fn lent(&self) -> &[u8] {
        &self.filled[self.consumed..]
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for ByteStream<IO> {
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
        this.shared.poll(Side::Reader, cx, |state, cx| state.poll_read(cx, buf))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for ByteStream<IO> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.lent().is_empty() {
            let filled = &mut this.filled;
            filled.clear();
            this.consumed = 0;
            ready!(this.shared.poll(Side::Reader, cx, |state, cx| {
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
            // An idle stream holds no buffer.
            this.filled = Vec::new();
            this.consumed = 0;
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ByteStream<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.poll(Side::Writer, cx, |state, cx| state.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll(Side::Writer, cx, StreamState::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll(Side::Writer, cx, StreamState::poll_shutdown)
    }
}

impl<IO> Drop for ByteStream<IO> {
    fn drop(&mut self) {
        self.shared.with(|state| state.dropped = true);
        self.shared.wake();
    }
}
