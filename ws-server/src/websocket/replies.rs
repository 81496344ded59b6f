//! Answering a message while it is borrowed.

use std::future::Future;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::AsMessage;

use super::outbox::Outbox;
use super::send::Sending;
use super::state::MessageState;
use crate::error::SendError;
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
    /// [`SendError`].
    ///
    /// # Cancel safety
    /// As with [`WebSocket::send`](crate::WebSocket::send).
    #[inline]
    pub fn feed<M: AsMessage>(
        &mut self,
        message: M,
    ) -> impl Future<Output = Result<(), SendError>> {
        Sending::new(self.shared, Some(self.outbox), message)
    }
}
