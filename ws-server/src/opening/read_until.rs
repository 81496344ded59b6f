//! Reading until the received bytes are enough.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::runtime::pool;
use crate::socket::Socket;

/// The connection ended or failed before enough bytes were received.
#[derive(Debug)]
pub(super) struct Disconnected(pub(super) io::Error);

/// Reads until `look` returns something. It sees all bytes that are not consumed, at least one.
/// While the socket has nothing to read, only these bytes are kept.
pub(super) async fn read_until<T, E: From<Disconnected>>(
    socket: &mut Socket,
    received: &mut Vec<u8>,
    mut look: impl FnMut(&mut Vec<u8>) -> Result<Option<T>, E>,
) -> Result<T, E> {
    poll_fn(|cx| {
        loop {
            if !received.is_empty()
                && let Some(found) = look(received)?
            {
                return Poll::Ready(Ok(found));
            }
            if let Err(gone) = ready!(poll_read(socket, received, cx)) {
                return Poll::Ready(Err(gone.into()));
            }
        }
    })
    .await
}

/// Reads through a buffer of the worker, and appends what has arrived.
fn poll_read(
    socket: &mut Socket,
    received: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Disconnected>> {
    let mut storage = pool::take_send();
    let mut spare = ReadBuf::uninit(storage.spare_capacity_mut());
    let outcome = Pin::new(socket).poll_read(cx, &mut spare);
    let arrived = spare.filled();
    received.extend_from_slice(arrived);
    let end = match arrived {
        [] => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    };
    pool::give_send(storage);
    outcome.map(|read| read.and(end).map_err(Disconnected))
}
