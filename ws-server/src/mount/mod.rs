//! A service on a path of a site that hyper, tower or axum serves.
//!
//! ```text
//! http::Request ─▶ request ─▶ check ─▶ decide ─▶ agree ─▶ response (101 or 200, written by the
//!                                                  │      HTTP server)
//!                                                  └─▶ a task: the upgraded connection ─▶ finish
//! ```

#[cfg(feature = "axum")]
mod axum;
mod handshake;
mod original_uri;
mod request;
mod response;
#[cfg(all(feature = "axum", feature = "tls"))]
mod tls_listener;
mod upgraded;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use tower_service::Service;
use ws_core::Rejection;

#[cfg(feature = "axum")]
pub use axum::{WebSocketUpgrade, WebSocketUpgradeRejection};
use handshake::Handshake;
pub use original_uri::OriginalUri;
#[cfg(all(feature = "axum", feature = "tls"))]
pub use tls_listener::{TlsConnectInfo, TlsListener};

use crate::application::Application;
use crate::config::Config;
use crate::opening::{Route, route};
use crate::session::Connections;

/// A service of bytes or messages as a [`tower`](tower_service) service of HTTP requests; from
/// [`Builder::upgrade`](crate::Builder::upgrade).
///
/// It answers every request: an opening handshake with 101, or with 200 over HTTP/2 (RFC 8441), and
/// any other with a status and a text that say what is expected. It needs an HTTP server that hands
/// over upgraded connections: `axum::serve` does, and hyper's connections
/// [`with_upgrades`](hyper::server::conn::http1::Connection::with_upgrades).
///
/// A router may have changed the URI of a request: the [original](OriginalUri) counts.
///
/// Each connection runs in its own task. [`connections`](UpgradeService::connections) counts them,
/// closes them and waits for their end.
///
/// Needs the feature `tower`. See the guide to [mounting](crate::guide::mounting).
#[derive(Clone)]
pub struct UpgradeService {
    config: Arc<Config>,
    application: Arc<dyn Application>,
    connections: Connections,
}

impl std::fmt::Debug for UpgradeService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpgradeService").field("config", &self.config).finish_non_exhaustive()
    }
}

impl UpgradeService {
    pub(crate) fn new(config: Arc<Config>, application: Arc<dyn Application>) -> UpgradeService {
        UpgradeService { config, application, connections: Connections::new() }
    }

    /// The connections that this service and its clones have open.
    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// The same service, which counts its connections among these.
    #[cfg(feature = "http2")]
    pub(crate) fn among(self, connections: &Connections) -> UpgradeService {
        UpgradeService { connections: connections.clone(), ..self }
    }

    async fn answer<B>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<Full<Bytes>>, Rejection>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: std::fmt::Display,
    {
        let UpgradeService { config, application, connections } = self;
        let (mut parts, body) = request.into_parts();
        let handshake = Handshake::read(&mut parts, config)?;
        if route(handshake.head(), config)? == Route::Page {
            return Ok(response::page(config.page.as_deref().unwrap_or_default()));
        }
        let (request, admitted) = handshake.admit(config, connections)?;
        let mut admitted = admitted.with_body(body);
        let accept = admitted.decide(application, request, connections).await?;
        admitted.answer(accept, connections)
    }
}

impl<B> Service<http::Request<B>> for UpgradeService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: std::fmt::Display,
{
    type Response = http::Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let service = self.clone();
        let (version, method) = (request.version(), request.method().clone());
        Box::pin(async move {
            Ok(service.answer(request).await.unwrap_or_else(|rejection| {
                tracing::info!(%rejection, "refused");
                response::refusal(&rejection, version, &method)
            }))
        })
    }
}
