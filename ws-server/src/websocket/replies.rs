//! Answering a message while it is borrowed.

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::AsMessage;

use super::outbox::Outbox;
use super::send::Feeding;
use super::state::MessageState;
use crate::runtime::shared::Shared;
use crate::socket::Socket;

/// A handle to answer a message while it is borrowed; from
/// [`WebSocket::recv_lent`](crate::WebSocket::recv_lent).
#[derive(Debug)]
pub struct Replies<'s, IO = Socket> {
    pub(super) shared: &'s Shared<MessageState<IO>>,
    pub(super) outbox: &'s mut Outbox,
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Replies<'_, IO> {
    /// As [`WebSocket::feed`](crate::WebSocket::feed).
    ///
    /// # Errors
    /// [`SendError`](crate::SendError).
    ///
    /// # Cancel safety
    /// As with [`WebSocket::send`](crate::WebSocket::send).
    #[inline]
    pub fn feed<M: AsMessage>(&mut self, message: M) -> Feeding<'_, M, IO> {
        Feeding::new(self.shared, Some(self.outbox), message)
    }
}
