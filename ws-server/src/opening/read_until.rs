//! Reading until the received bytes are enough.

use std::future::poll_fn;
use std::task::{Poll, ready};

use super::received::{Disconnected, Received};
use crate::socket::Socket;

/// Reads until `look` returns something. It sees all bytes that are not consumed, at least one.
/// While the socket has nothing to read, only these bytes are kept.
pub(super) async fn read_until<T, E: From<Disconnected>>(
    socket: &mut Socket,
    received: &mut Received,
    mut look: impl FnMut(&mut Received) -> Result<Option<T>, E>,
) -> Result<T, E> {
    poll_fn(|cx| {
        loop {
            if !received.unread().is_empty()
                && let Some(found) = look(received)?
            {
                return Poll::Ready(Ok(found));
            }
            if let Err(error) = ready!(received.poll_read(socket, cx)) {
                return Poll::Ready(Err(error.into()));
            }
        }
    })
    .await
}
