//! The client of a connection, and what was agreed on with it.

use std::sync::Arc;

use ws_core::extension::Traffic;
use ws_core::head::RequestHead;
use ws_core::{DraftId, Transport};

use crate::connection_id::ConnectionId;
use crate::runtime::identity::Identity;
use crate::socket::RemoteAddr;
#[cfg(feature = "tower")]
use crate::socket::Socket;
#[cfg(feature = "tls")]
use crate::tls::ClientCertificate;

/// The client of a connection, and what was agreed on with it. It is one pointer in size: a service
/// that does not need it can drop it, and nothing of the opening handshake stays in memory.
#[derive(Debug, Clone)]
pub struct Peer {
    opening: Box<PeerDetails>,
}

/// What is known of a client after the opening handshake.
#[derive(Debug, Clone)]
pub(crate) struct PeerDetails {
    pub(crate) source: Source,
    pub(crate) head: RequestHead,
    pub(crate) origin: Option<String>,
    pub(crate) subprotocol: Option<String>,
    pub(crate) extension: Option<NegotiatedExtension>,
    pub(crate) draft: DraftId,
    pub(crate) id: ConnectionId,
}

/// Where a request comes from, and over which transport.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) remote: RemoteAddr,
    pub(crate) transport: Transport,
    #[cfg(feature = "tls")]
    pub(crate) client_certificate: Option<ClientCertificate>,
}

impl Source {
    pub(crate) fn new(remote: RemoteAddr, transport: Transport) -> Source {
        Source {
            remote,
            transport,
            #[cfg(feature = "tls")]
            client_certificate: None,
        }
    }
}

#[cfg(feature = "tower")]
impl Source {
    /// Adds what the socket beneath the HTTP server knows: the client's certificate.
    pub(crate) fn learn(&mut self, socket: &Socket) {
        #[cfg(feature = "tls")]
        if let Some(certificate) = socket.client_certificate() {
            self.client_certificate = Some(certificate);
        }
        #[cfg(not(feature = "tls"))]
        let _ = socket;
    }
}

/// The extension in use on a connection.
#[derive(Debug, Clone)]
pub(crate) struct NegotiatedExtension {
    /// Its element in the `Sec-WebSocket-Extensions` of the response.
    pub(crate) response: String,
    pub(crate) traffic: Arc<Traffic>,
}

impl Peer {
    pub(crate) fn new(opening: PeerDetails) -> Peer {
        Peer { opening: Box::new(opening) }
    }

    /// Adds what was agreed on.
    pub(crate) fn agree(
        &mut self,
        subprotocol: Option<String>,
        extension: Option<NegotiatedExtension>,
    ) {
        self.opening.subprotocol = subprotocol;
        self.opening.extension = extension;
    }

    /// Adds what the socket beneath an HTTP server knows: the client's certificate.
    #[cfg(feature = "tower")]
    pub(crate) fn learn(&mut self, socket: &Socket) {
        self.opening.source.learn(socket);
    }

    /// What the handles of the connection can tell of it.
    pub(crate) fn identity(&self) -> Identity {
        Identity::new(self.id(), self.subprotocol())
    }

    /// The number of the connection, for logs and as a key.
    pub fn id(&self) -> ConnectionId {
        self.opening.id
    }

    /// Where the connection comes from, or what a trusted proxy says of that.
    pub fn remote(&self) -> RemoteAddr {
        self.opening.source.remote
    }

    /// The head of the request that opened the connection, with all its fields.
    pub fn head(&self) -> &RequestHead {
        &self.opening.head
    }

    /// The path of the request, without the query. On a site it is the whole path, with any prefix
    /// that a router has stripped.
    pub fn path(&self) -> &str {
        self.opening.head.path()
    }

    /// The query of the request, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.opening.head.query()
    }

    /// The origin of the page, which browsers send.
    pub fn origin(&self) -> Option<&str> {
        self.opening.origin.as_deref()
    }

    /// The subprotocol that was agreed on.
    pub fn subprotocol(&self) -> Option<&str> {
        self.opening.subprotocol.as_deref()
    }

    /// The extension that was agreed on, with its parameters, as in the response.
    pub fn extension(&self) -> Option<&str> {
        self.opening.extension.as_ref().map(|extension| &*extension.response)
    }

    /// How many bytes of payload there were so far before and after the extension, if there is one.
    pub fn traffic(&self) -> Option<&Arc<Traffic>> {
        self.opening.extension.as_ref().map(|extension| &extension.traffic)
    }

    /// The draft (version of the protocol) that is spoken.
    pub fn draft(&self) -> DraftId {
        self.opening.draft
    }

    /// The certificate that the client has presented, if one is required: see
    /// [`Tls::client_ca`](crate::Tls::client_ca). Over HTTP/2 on a site, the one of a
    /// `TlsConnectInfo`, or the one in the extensions of the request. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.opening.source.client_certificate.as_ref()
    }

    /// Whether the client is connected over TLS.
    pub fn transport(&self) -> Transport {
        self.opening.source.transport
    }
}
