//! The byte stream on which a draft finishes its opening handshake.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::socket::Socket;

/// A socket whose request head was read.
///
/// Reading begins with the bytes received after the head. Writes are buffered: the response head
/// and what the draft adds to it leave in one write. They are flushed before the socket is read,
/// since proxies hold back what the client sends until they have seen the response head.
#[derive(Debug)]
pub(super) struct OpeningIo<'s> {
    socket: &'s mut Socket,
    /// The bytes received after the request head. Always read before the socket is.
    received: &'s mut Vec<u8>,
    /// What was written since the last complete flush, oldest first; the response head at first.
    unsent: Vec<u8>,
    /// How many bytes of `unsent` the socket has taken: always at most its length, and 0 unless a
    /// flush is under way or has failed.
    sent: usize,
}

impl<'s> OpeningIo<'s> {
    pub(super) fn new(
        socket: &'s mut Socket,
        received: &'s mut Vec<u8>,
        response: Vec<u8>,
    ) -> OpeningIo<'s> {
        OpeningIo { socket, received, unsent: response, sent: 0 }
    }
}

impl AsyncRead for OpeningIo<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.received.is_empty() {
            let count = self.received.len().min(buf.remaining());
            buf.put_slice(&self.received[..count]);
            self.received.drain(..count);
            return Poll::Ready(Ok(()));
        }
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut *self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for OpeningIo<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.sent < this.unsent.len() {
            let unsent = &this.unsent[this.sent..];
            match ready!(Pin::new(&mut *this.socket).poll_write(cx, unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => this.sent += count,
            }
        }
        this.unsent.clear();
        this.sent = 0;
        Pin::new(&mut *this.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut *self.socket).poll_shutdown(cx)
    }
}
