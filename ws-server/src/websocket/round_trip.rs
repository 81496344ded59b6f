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
    /// (RFC 6455 §5.5.2). Messages that arrive meanwhile are read ahead, up to
    /// [`Limits::read_ahead`](crate::Limits::read_ahead); a pong after more than that is not seen,
    /// so bound the time.
    ///
    /// # Errors
    /// [`SendError::Closed`] when the connection ends meanwhile; [`SendError::Unsupported`] in
    /// drafts without ping.
    ///
    /// # Cancel safety
    /// Cancel-safe: when the future is dropped, the pong is ignored.
    pub async fn round_trip(&mut self) -> Result<Duration, SendError> {
        self.outbox.change(&self.shared, |view| view.endpoint().ping_round_trip())?;
        self.flush().await?;
        answered(&self.shared).await
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Sender<IO> {
    /// As [`WebSocket::round_trip`]. When several clones measure at once, the last ping counts for
    /// all of them.
    ///
    /// # Errors
    /// As with [`WebSocket::round_trip`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn round_trip(&mut self) -> Result<Duration, SendError> {
        self.shared.change(|state| state.view.endpoint().ping_round_trip())?;
        self.flush().await?;
        answered(&self.shared).await
    }
}

/// Waits for the pong to a ping that was just sent.
async fn answered<IO: AsyncRead + AsyncWrite + Unpin + Send>(
    shared: &Shared<MessageState<IO>>,
) -> Result<Duration, SendError> {
    let sent = now();
    poll_fn(|cx| shared.poll_closed(cx, |view| view.endpoint().poll_round_trip())).await?;
    Ok(now() - sent)
}
