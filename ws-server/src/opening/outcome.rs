//! How an opening handshake ends.

use ws_core::HandshakeError;

use super::read_until::Gone;
use super::refuse::Refusal;
use crate::endpoint::Endpoint;
use crate::peer::Peer;
#[cfg(feature = "http2")]
use crate::peer::Source;
use crate::proxy::ProxyHeaderError;
use crate::socket::Socket;

/// How an opening handshake ended.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A WebSocket.
    WebSocket(Box<Endpoint<Socket>>, Peer),
    /// An ordinary request, for the page.
    Page(Socket),
    /// A connection that carries WebSockets in streams, and what was read from it.
    #[cfg(feature = "http2")]
    Http2(Box<(Socket, Vec<u8>, Source)>),
}

/// Why there is no WebSocket.
#[derive(Debug)]
pub(crate) enum OpeningError {
    /// The request was refused; the peer is to be told.
    Rejected(Box<Refusal>),
    /// The handshake broke off; there is nobody to tell, or no way.
    Failed(HandshakeError),
    /// A proxy began with something else than it should.
    Proxy(ProxyHeaderError),
    /// There was no TLS handshake to agree on.
    Tls(std::io::Error),
    /// The peer asked for nothing, and went away or let the deadline pass.
    Silent,
    /// The server shuts down first.
    Shutdown,
}

/// Before its request, a peer that goes away has asked for nothing.
impl From<Gone> for OpeningError {
    fn from(_: Gone) -> OpeningError {
        OpeningError::Silent
    }
}

impl From<HandshakeError> for OpeningError {
    fn from(error: HandshakeError) -> OpeningError {
        OpeningError::Failed(error)
    }
}
