//! Who connected, and how.

use std::sync::Arc;

use ws_core::extension::Traffic;
use ws_core::head::RequestHead;
use ws_core::{DraftId, Transport};

use crate::socket::RemoteAddr;
#[cfg(feature = "tower")]
use crate::socket::Socket;
#[cfg(feature = "tls")]
use crate::tls::ClientCertificate;

/// Who connected, and how. One word in size: a service that has no use for it drops it and
/// keeps nothing of the opening handshake.
#[derive(Debug, Clone)]
pub struct Peer {
    opening: Box<PeerDetails>,
}

/// What is known after the opening handshake.
#[derive(Debug, Clone)]
pub(crate) struct PeerDetails {
    pub(crate) source: Source,
    pub(crate) head: RequestHead,
    pub(crate) origin: Option<String>,
    pub(crate) subprotocol: Option<String>,
    pub(crate) extension: Option<InUse>,
    pub(crate) draft: DraftId,
}

/// Where a request comes from.
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
    /// What a socket of ours beneath an HTTP server knows better.
    pub(crate) fn learn(&mut self, socket: &Socket) {
        #[cfg(feature = "tls")]
        if let Socket::Tls(stream) = socket {
            self.client_certificate = stream.client_certificate();
        }
        #[cfg(not(feature = "tls"))]
        let _ = socket;
    }
}

/// What is known of the extension of a connection.
#[derive(Debug, Clone)]
pub(crate) struct InUse {
    /// The element of the response.
    pub(crate) response: String,
    pub(crate) traffic: Arc<Traffic>,
}

impl Peer {
    pub(crate) fn new(opening: PeerDetails) -> Peer {
        Peer { opening: Box::new(opening) }
    }

    /// Where the connection comes from.
    pub fn remote(&self) -> RemoteAddr {
        self.opening.source.remote
    }

    /// The request that opened it, with all its fields.
    pub fn head(&self) -> &RequestHead {
        &self.opening.head
    }

    /// The path that was asked for, without its query.
    pub fn path(&self) -> &str {
        self.opening.head.path()
    }

    /// The query, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.opening.head.query()
    }

    /// The origin of the page, if the client is a browser.
    pub fn origin(&self) -> Option<&str> {
        self.opening.origin.as_deref()
    }

    /// The subprotocol that was agreed on, if any.
    pub fn subprotocol(&self) -> Option<&str> {
        self.opening.subprotocol.as_deref()
    }

    /// The extension that was agreed on, if any, as the response names it.
    pub fn extension(&self) -> Option<&str> {
        self.opening.extension.as_ref().map(|extension| &*extension.response)
    }

    /// How many bytes there were before and after the extension, if there is one, so far.
    pub fn traffic(&self) -> Option<&Arc<Traffic>> {
        self.opening.extension.as_ref().map(|extension| &extension.traffic)
    }

    /// The version of the protocol that is spoken.
    pub fn draft(&self) -> DraftId {
        self.opening.draft
    }

    /// The certificate that the client has shown, if it was asked for one: see
    /// [`Tls::client_ca`](crate::Tls::client_ca). Where a service is mounted on a site over HTTP/2
    /// it is not known.
    #[cfg(feature = "tls")]
    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.opening.source.client_certificate.as_ref()
    }

    /// Whether the client came over TLS.
    pub fn transport(&self) -> Transport {
        self.opening.source.transport
    }
}
