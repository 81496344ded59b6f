//! The outcome of an opening handshake.

use ws_core::HandshakeError;

use super::received::Disconnected;
use super::refuse::Refusal;
#[cfg(feature = "http2")]
use crate::peer::Source;
use crate::proxy::ProxyHeaderError;
use crate::session::{Session, Start};
use crate::socket::Socket;

/// What a connection was opened as.
pub(crate) enum Opened {
    /// A WebSocket, and what runs on it.
    WebSocket(Session, Box<dyn Start>),
    /// An ordinary request, to be answered with the page.
    Page(Socket),
    /// An HTTP/2 connection, which carries WebSockets in streams; and the bytes read from it.
    #[cfg(feature = "http2")]
    Http2(Box<(Socket, Vec<u8>, Source)>),
}

/// Why there is no WebSocket.
#[derive(Debug)]
pub(crate) enum OpeningError {
    /// The request was refused; the peer is still to be told.
    Rejected(Box<Refusal>),
    /// The handshake failed, and the peer cannot be told: the connection has failed, or the 101
    /// response may already be sent.
    Failed(HandshakeError),
    /// The PROXY header is missing or malformed.
    Proxy(ProxyHeaderError),
    /// The TLS handshake failed.
    Tls(std::io::Error),
    /// The peer sent no request before it disconnected or the deadline passed.
    Silent,
    /// The server began to shut down during the handshake.
    Shutdown,
}

/// A peer that disconnects before its request has sent none.
impl From<Disconnected> for OpeningError {
    fn from(_: Disconnected) -> OpeningError {
        OpeningError::Silent
    }
}

impl From<HandshakeError> for OpeningError {
    fn from(error: HandshakeError) -> OpeningError {
        OpeningError::Failed(error)
    }
}
