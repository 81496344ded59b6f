//! What is served: byte-stream services and message handlers.

use std::future::Future;
use std::io;
use std::sync::Arc;

use ws_core::extension::Traffic;
use ws_core::head::RequestHead;
use ws_core::{DraftId, Transport};

use crate::byte_stream::ByteStream;
use crate::opening::{InUse, Source};
use crate::socket::RemoteAddr;
#[cfg(feature = "tls")]
use crate::tls::ClientCertificate;
use crate::websocket::WebSocket;

/// A service written against a byte stream.
///
/// Every `Fn(ByteStream, Peer) -> impl Future<Output = io::Result<()>>` is one. A type of your own
/// implements it with an `async fn`.
pub trait Service: Send + Sync + 'static {
    /// Serves one connection. When this returns and the stream is dropped, the connection is
    /// closed: with status 1000 after `Ok`, 1011 after an error.
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send;
}

impl<F, R> Service for F
where
    F: Fn(ByteStream, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        self(stream, peer)
    }
}

/// A service that exchanges messages.
///
/// Every `Fn(WebSocket, Peer) -> impl Future<Output = io::Result<()>>` is one. A type of your own
/// implements it with an `async fn`.
pub trait MessageService: Send + Sync + 'static {
    /// Serves one connection. When this returns and the socket is dropped, the connection is
    /// closed: with status 1000 after `Ok`, 1011 after an error.
    fn serve(&self, socket: WebSocket, peer: Peer) -> impl Future<Output = io::Result<()>> + Send;
}

impl<F, R> MessageService for F
where
    F: Fn(WebSocket, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    fn serve(&self, socket: WebSocket, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        self(socket, peer)
    }
}

/// Who connected, and how. One word in size: a service that has no use for it drops it and
/// keeps nothing of the opening handshake.
#[derive(Debug, Clone)]
pub struct Peer {
    opening: Box<Opening>,
}

/// What is known after the opening handshake.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) source: Source,
    pub(crate) head: RequestHead,
    pub(crate) origin: Option<String>,
    pub(crate) subprotocol: Option<String>,
    pub(crate) extension: Option<InUse>,
    pub(crate) draft: DraftId,
}

impl Peer {
    pub(crate) fn new(opening: Opening) -> Peer {
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
