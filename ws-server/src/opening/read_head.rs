//! The first bytes of a connection, and the request head.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use ws_core::buffer::ReadBuffer;
use ws_core::head::{HeadError, HeadReader, RequestHead};

use crate::pool;
use crate::socket::Socket;

/// What a client begins to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// HTTP/1, or something that is to be told that it is not.
    Http1,
    /// HTTP/2, with prior knowledge.
    Http2,
    /// TLS.
    Tls,
}

/// The connection preface of HTTP/2 (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The first byte of a TLS handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// What the client begins to speak; its bytes stay in `read`.
pub(super) async fn recognise(socket: &mut Socket, read: &mut ReadBuffer) -> io::Result<Spoken> {
    read_until(socket, read, |read| {
        let bytes = read.unread();
        if bytes[0] == TLS_HANDSHAKE {
            Some(Spoken::Tls)
        } else if bytes.starts_with(HTTP2_PREFACE) {
            Some(Spoken::Http2)
        } else if HTTP2_PREFACE.starts_with(bytes) {
            None
        } else {
            Some(Spoken::Http1)
        }
    })
    .await
}

/// Takes what was read and not looked at, for somebody who reads on by himself.
#[cfg(any(feature = "http2", feature = "tls"))]
pub(super) fn take_unread(read: &mut ReadBuffer) -> Vec<u8> {
    let unread = read.unread().to_vec();
    read.discard();
    pool::give_read(read.reclaim());
    unread
}

/// Why there is no head.
pub(super) enum ReadHeadError {
    Head(HeadError),
    Io(io::Error),
}

/// Reads until the head is whole. What came behind it stays in `read`.
pub(super) async fn read_head(
    socket: &mut Socket,
    read: &mut ReadBuffer,
    reader: &mut HeadReader,
) -> Result<RequestHead, ReadHeadError> {
    let found = read_until(socket, read, |read| match reader.push(read.unread()) {
        Ok((taken, head)) => {
            read.consume(taken);
            head.map(Ok)
        }
        Err(error) => Some(Err(error)),
    });
    let outcome = found.await;
    pool::give_read(read.reclaim());
    outcome.map_err(ReadHeadError::Io)?.map_err(ReadHeadError::Head)
}

/// Reads until `look` has found something in what came. No buffer is held while the peer is
/// slow, but for the bytes that have arrived.
pub(super) async fn read_until<T>(
    socket: &mut Socket,
    read: &mut ReadBuffer,
    mut look: impl FnMut(&mut ReadBuffer) -> Option<T>,
) -> io::Result<T> {
    poll_fn(|cx| {
        loop {
            if !read.has_storage() {
                read.lend(pool::take_read());
            }
            if !read.unread().is_empty()
                && let Some(found) = look(read)
            {
                return Poll::Ready(Ok(found));
            }
            let mut spare = ReadBuf::new(read.spare());
            let outcome = Pin::new(&mut *socket).poll_read(cx, &mut spare);
            let count = spare.filled().len();
            read.filled(count);
            if count == 0 {
                pool::give_read(read.reclaim());
                ready!(outcome)?;
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
        }
    })
    .await
}
