//! One connection, from its accept to its end.

use std::io;

use async_trait::async_trait;
use tracing::{debug, info, warn};

use super::Server;
use crate::byte_stream::{self, Carriage};
use crate::endpoint::Endpoint;
use crate::opening::{self, Opened, OpeningError};
use crate::policy::Content;
use crate::service::{MessageService, Peer, Service};
use crate::socket::{RemoteAddr, Socket};
use crate::stop::Stop;
use crate::websocket;

/// What runs on open connections.
#[async_trait]
pub(crate) trait Application: Send + Sync {
    /// What the connections carry.
    fn content(&self) -> Content;

    /// Serves a connection and closes it.
    async fn run(&self, endpoint: Box<Endpoint<Socket>>, peer: Peer) -> io::Result<()>;
}

/// A byte-stream service.
pub(crate) struct Wrapped<S>(pub(crate) S);

#[async_trait]
impl<S: Service> Application for Wrapped<S> {
    fn content(&self) -> Content {
        Content::Bytes
    }

    async fn run(&self, endpoint: Box<Endpoint<Socket>>, peer: Peer) -> io::Result<()> {
        let capabilities = *endpoint.link.connection().capabilities();
        let carriage = Carriage::choose(peer.subprotocol(), &capabilities);
        byte_stream::serve(endpoint, carriage, |stream| self.0.serve(stream, peer)).await
    }
}

/// A message service.
pub(crate) struct Messages<S>(pub(crate) S);

#[async_trait]
impl<S: MessageService> Application for Messages<S> {
    fn content(&self) -> Content {
        Content::Messages
    }

    async fn run(&self, endpoint: Box<Endpoint<Socket>>, peer: Peer) -> io::Result<()> {
        websocket::serve(endpoint, |socket| self.0.serve(socket, peer)).await
    }
}

/// Holds the opening handshake within its deadline, and runs the application.
pub(super) async fn serve(server: Server, socket: Socket, remote: RemoteAddr, stop: Stop) {
    // Boxed, so that what the opening needs is gone when the connection is open.
    let Some(opened) = Box::pin(open(&server, socket, remote, &stop)).await else {
        return;
    };
    let (endpoint, peer) = opened;
    // A proxy may have told of another one.
    let (remote, draft) = (peer.remote(), peer.draft());
    debug!(%remote, %draft, path = peer.path(), "open");
    match server.application.run(endpoint, peer).await {
        Ok(()) => debug!(%remote, %draft, "closed"),
        Err(error) => debug!(%remote, %draft, %error, "closed after an error"),
    }
}

async fn open(
    server: &Server,
    socket: Socket,
    remote: RemoteAddr,
    stop: &Stop,
) -> Option<(Box<Endpoint<Socket>>, Peer)> {
    let config = &*server.config;
    let content = server.application.content();
    let outcome = tokio::select! {
        outcome = opening::open(socket, remote, config, content, stop) => outcome,
        () = stop.told() => {
            debug!(%remote, "the server goes down before the opening handshake");
            return None;
        }
    };
    match outcome {
        Ok(Opened::WebSocket(endpoint, peer)) => return Some((endpoint, peer)),
        Ok(Opened::Page(socket)) => {
            debug!(%remote, "page");
            opening::serve_page(socket, config.page.as_deref().unwrap_or_default()).await;
        }
        #[cfg(feature = "http2")]
        Ok(Opened::Http2(socket, received, source)) => {
            debug!(%remote, "HTTP/2");
            super::http2::serve(server, socket, received, source, stop).await;
        }
        Err(OpeningError::Rejected(rejected)) => {
            info!(remote = %rejected.remote, rejection = %rejected.rejection, "refused");
            rejected.answer().await;
        }
        Err(OpeningError::Failed(error)) => info!(%remote, %error, "refused"),
        Err(OpeningError::Proxy(error)) => warn!(%remote, %error, "no header of the proxy"),
        Err(OpeningError::Tls(error)) => info!(%remote, %error, "TLS handshake failed"),
        Err(OpeningError::Silent) => debug!(%remote, "gone without a word"),
    }
    None
}
