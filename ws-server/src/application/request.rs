//! A request for a WebSocket, before it is answered.

use tokio::time::Instant;
use ws_core::head::RequestHead;
use ws_core::{Draft, DraftId, Transport};

use crate::connection_id::ConnectionId;
use crate::peer::Peer;
use crate::socket::RemoteAddr;
#[cfg(feature = "tls")]
use crate::tls::ClientCertificate;

/// A request for a WebSocket, for [`Builder::open`](crate::Builder::open) to accept or not.
///
/// Its draft was found, its handshake is valid and its origin may connect. Nothing is sent yet: not
/// even the head of the response, which hixie-76 clients wait for before they send their challenge
/// through a proxy.
#[derive(Debug)]
#[must_use = "a request is answered with the result of `accept`, or a `Rejection`"]
pub struct OpeningRequest {
    /// Nothing is agreed on yet: its subprotocol and extension are `None`.
    pub(crate) peer: Peer,
    pub(crate) draft: &'static dyn Draft,
    /// The subprotocols that the client offers, in its order.
    pub(crate) offered: Vec<String>,
    pub(crate) deadline: Instant,
}

impl OpeningRequest {
    /// The number that the connection will have, for logs.
    pub fn id(&self) -> ConnectionId {
        self.peer.id()
    }

    /// The head of the request, with all its fields. For a request over HTTP/2, the equivalent
    /// HTTP/1.1 request.
    pub fn head(&self) -> &RequestHead {
        self.peer.head()
    }

    /// The path of the request, without the query. On a site it is the whole path, with any prefix
    /// that a router has stripped.
    pub fn path(&self) -> &str {
        self.peer.path()
    }

    /// The query of the request, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.peer.query()
    }

    /// Where the connection comes from, or what a trusted proxy says of that.
    pub fn remote(&self) -> RemoteAddr {
        self.peer.remote()
    }

    /// Whether the client is connected over TLS.
    pub fn transport(&self) -> Transport {
        self.peer.transport()
    }

    /// The certificate that the client has presented, if one is required: see
    /// [`Tls::client_ca`](crate::Tls::client_ca). On a site, the one of a `TlsConnectInfo`, or
    /// the one in the extensions of the request. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.peer.client_certificate()
    }

    /// The draft (version of the protocol) that the client speaks.
    pub fn draft(&self) -> DraftId {
        self.peer.draft()
    }

    /// The origin of the page, which browsers send.
    pub fn origin(&self) -> Option<&str> {
        self.peer.origin()
    }

    /// The subprotocols that the client offers, in its order of preference (RFC 6455 §1.9).
    pub fn offered_subprotocols(&self) -> &[String] {
        &self.offered
    }

    /// When the opening handshake has to be finished
    /// ([`Timeouts::opening`](crate::Timeouts::opening)). A request that is not decided on by then
    /// is answered with 504.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}
