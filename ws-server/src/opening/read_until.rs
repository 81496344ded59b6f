//! Reading until the received bytes are enough.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use ws_core::buffer::ReadBuffer;

use crate::runtime::pool;
use crate::socket::Socket;

/// The connection ended or failed before enough bytes were received.
#[derive(Debug)]
pub(super) struct Gone(pub(super) io::Error);

/// Reads until `look` returns something. It sees all bytes that are not consumed, at least one.
/// While the socket has nothing to read, only these bytes are kept: the buffer goes back to the
/// worker.
pub(super) async fn read_until<T, E: From<Gone>>(
    socket: &mut Socket,
    read: &mut ReadBuffer,
    mut look: impl FnMut(&mut ReadBuffer) -> Result<Option<T>, E>,
) -> Result<T, E> {
    poll_fn(|cx| {
        loop {
            if !read.is_lent() {
                read.lend(pool::take_read());
            }
            if !read.unread().is_empty()
                && let Some(found) = look(read)?
            {
                return Poll::Ready(Ok(found));
            }
            let mut spare = ReadBuf::new(read.spare());
            let outcome = Pin::new(&mut *socket).poll_read(cx, &mut spare);
            let count = spare.filled().len();
            read.filled(count);
            if count == 0 {
                pool::give_read(read.reclaim());
                let end = ready!(outcome).err().unwrap_or_else(|| ErrorKind::UnexpectedEof.into());
                return Poll::Ready(Err(Gone(end).into()));
            }
        }
    })
    .await
}

/// Takes the bytes that were read and not consumed, for a caller that continues reading on its own.
#[cfg(any(feature = "http2", feature = "tls"))]
pub(super) fn take_unread(read: &mut ReadBuffer) -> Vec<u8> {
    let unread = read.unread().to_vec();
    read.discard();
    pool::give_read(read.reclaim());
    unread
}
