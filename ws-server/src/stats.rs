//! The state of a connection at one moment, for logs.

use ws_core::Connection;

use crate::connection_id::ConnectionId;
use crate::runtime::identity::Identity;

/// The state of a connection at one moment, for logs; from `WebSocket::stats`, `Sender::stats` and
/// `ByteStream::stats`. Its `Debug` form is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStats {
    /// The number of the connection.
    pub id: ConnectionId,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<String>,
    /// How far the connection is.
    pub phase: ConnectionPhase,
    /// How many bytes wait for the socket to take them. Messages that were fed and not flushed are
    /// not all counted.
    pub unsent_bytes: usize,
    /// How many bytes of payload were received, and not by the service yet.
    pub read_ahead_bytes: usize,
    /// How many bytes of memory the connection has for its data: what is unsent, what is not
    /// decoded yet, and the message that is incomplete.
    pub held_bytes: usize,
    /// Whether a message of the peer has begun and not ended.
    pub within_message: bool,
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionPhase {
    /// Messages can be sent and received.
    Open,
    /// The closing handshake is under way (RFC 6455 §7.1.3): nothing more can be sent.
    Closing,
    /// Nothing more can be sent or received (RFC 6455 §7.1.4).
    Closed,
}

impl ConnectionStats {
    pub(crate) fn new(
        identity: &Identity,
        connection: &Connection,
        read_ahead_bytes: usize,
    ) -> ConnectionStats {
        ConnectionStats {
            id: identity.id,
            subprotocol: identity.subprotocol.as_deref().map(str::to_owned),
            phase: match (connection.is_over(), connection.is_open()) {
                (true, _) => ConnectionPhase::Closed,
                (false, false) => ConnectionPhase::Closing,
                (false, true) => ConnectionPhase::Open,
            },
            unsent_bytes: connection.unsent_len(),
            read_ahead_bytes,
            held_bytes: connection.held(),
            within_message: connection.is_within_message(),
        }
    }
}
