//! What the handles of a connection can tell of it.

use std::future::poll_fn;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{Capabilities, CloseReason};

use super::state::MessageState;
use super::{Receiver, Sender, WebSocket};
use crate::connection_id::ConnectionId;
use crate::runtime::shared::Shared;
use crate::stats::ConnectionStats;

impl<IO> WebSocket<IO> {
    /// The number of the connection, for logs and as a key.
    pub fn id(&self) -> ConnectionId {
        self.shared.identity().id
    }

    /// The subprotocol that was agreed on (RFC 6455 §1.9); `None` for a connection of
    /// [`WebSocket::new`].
    pub fn subprotocol(&self) -> Option<&str> {
        self.shared.identity().subprotocol.as_deref()
    }

    /// The reason of the peer's Close, once it was received and if it has one.
    pub fn peer_reason(&self) -> Option<CloseReason> {
        self.shared.look(MessageState::peer_reason)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<IO> {
    /// Completes when nothing more can be received: the peer has closed the connection or ended its
    /// TCP connection, or counts as dead. Returns the reason of its Close, if there was one.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn closed(&self) -> Option<CloseReason> {
        poll_fn(|cx| self.shared.poll_closed(cx, |view| view.endpoint().poll_peer_gone())).await
    }

    /// What the draft of this connection can express.
    pub fn capabilities(&self) -> Capabilities {
        self.shared.look(|view| *view.endpoint().connection().capabilities())
    }
}

impl<IO> WebSocket<IO> {
    /// The state of the connection at this moment, for logs.
    pub fn stats(&self) -> ConnectionStats {
        let mut stats = stats(&self.shared);
        stats.read_ahead_bytes += self.inbox.payload_len();
        stats
    }
}

/// The state of a connection at this moment.
fn stats<IO>(shared: &Shared<MessageState<IO>>) -> ConnectionStats {
    shared.look(|view| {
        let read_ahead = view.read_ahead_bytes();
        ConnectionStats::new(shared.identity(), view.endpoint().connection(), read_ahead)
    })
}

impl<IO> Receiver<IO> {
    /// As [`WebSocket::id`].
    pub fn id(&self) -> ConnectionId {
        self.shared.identity().id
    }

    /// The reason of the peer's Close, once it was received and if it has one.
    pub fn peer_reason(&self) -> Option<CloseReason> {
        self.shared.look(MessageState::peer_reason)
    }
}

impl<IO> Sender<IO> {
    /// As [`WebSocket::stats`]. What the [`Receiver`] holds is not counted.
    pub fn stats(&self) -> ConnectionStats {
        stats(&self.shared)
    }

    /// As [`WebSocket::id`].
    pub fn id(&self) -> ConnectionId {
        self.shared.identity().id
    }
}
