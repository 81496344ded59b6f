//! Measuring the round-trip time to the peer.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::state::MessageState;
use super::{Sender, WebSocket};
use crate::error::SendError;
use crate::runtime::clock::now;
use crate::runtime::shared::Shared;

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<IO> {
    /// Measures the round-trip time to the peer: sends a ping, and waits for its pong
    /// (RFC 6455 §5.5.2). It counts from this call on, so it includes the time in which the socket
    /// takes what was sent before.
    ///
    /// Bound it with a timeout: a peer may send no pong, since it need only answer the latest ping
    /// (§5.5.3), and the pong is not seen while more than
    /// [`Limits::read_ahead`](crate::Limits::read_ahead) of messages before it are not received.
    ///
    /// # Errors
    /// [`SendError::Closed`] when the connection ends meanwhile; [`SendError::Unsupported`] in
    /// drafts without ping.
    ///
    /// # Cancel safety
    /// Cancel-safe: when the future is dropped, the pong is ignored.
    pub async fn round_trip(&mut self) -> Result<Duration, SendError> {
        let sent = now();
        let number = self.outbox.change(&self.shared, |view| view.endpoint().ping_round_trip())?;
        self.flush().await?;
        answered(&self.shared, number).await?;
        Ok(now() - sent)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Sender<IO> {
    /// As [`WebSocket::round_trip`]. Clones can measure at once.
    ///
    /// # Errors
    /// As with [`WebSocket::round_trip`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn round_trip(&mut self) -> Result<Duration, SendError> {
        let sent = now();
        let number = self.shared.change(|state| state.view.endpoint().ping_round_trip())?;
        self.flush().await?;
        answered(&self.shared, number).await?;
        Ok(now() - sent)
    }
}

/// Waits for the pong to the ping of this number.
async fn answered<IO: AsyncRead + AsyncWrite + Unpin + Send>(
    shared: &Shared<MessageState<IO>>,
    number: u8,
) -> Result<(), SendError> {
    poll_fn(|cx| shared.poll_closed(cx, |view| view.endpoint().poll_round_trip(number))).await
}
