//! An axum extractor, for handlers that decide whether to open a WebSocket.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, Version};
use ws_core::extension::Extension;
use ws_core::head::RequestHead;
use ws_core::{DraftId, Limits, Rejection, StatusCode, Timeouts};

use super::handshake::Handshake;
use super::response;
use crate::application::{Accept, OpeningRequest};
use crate::byte_stream::ByteStream;
use crate::config::Config;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::policy::{OriginWarnings, Origins};
use crate::proxy::TrustedProxies;
use crate::session::Connections;
use crate::socket::RemoteAddr;
use crate::websocket::WebSocket;

/// A request that opens a WebSocket, for a handler to accept or not.
///
/// ```no_run
/// use axum::extract::State;
/// use axum::response::Response;
/// use axum::routing::any;
/// use axum::Router;
/// use ws_server::{Connections, WebSocket, WebSocketUpgrade};
///
/// async fn handler(upgrade: WebSocketUpgrade, State(open): State<Connections>) -> Response {
///     upgrade.protocols(["chat"]).connections(&open).on_upgrade(echo)
/// }
///
/// async fn echo(mut socket: WebSocket) {
///     while let Some(Ok(message)) = socket.recv().await {
///         if socket.feed(&message).await.is_err() {
///             break;
///         }
///     }
/// }
///
/// let open = Connections::new();
/// let app: Router = Router::new().route("/websocket", any(handler)).with_state(open);
/// ```
///
/// Requests over HTTP/1.1 have the method `GET`, over HTTP/2 `CONNECT`: route
/// [`any`](axum::routing::any) method to the handler.
///
/// An extractor of this kind cannot read the body of a request. So the few hixie-76 clients that
/// send their challenge as the body are refused; an [`UpgradeService`](crate::UpgradeService)
/// serves them too.
///
/// Needs the feature `axum`. See the guide to [mounting](crate::guide::mounting).
#[derive(Debug)]
#[must_use = "the connection opens with `on_upgrade`"]
pub struct WebSocketUpgrade {
    handshake: Handshake,
    draft: DraftId,
    /// The subprotocols that the client offers, in its order.
    offered: Vec<String>,
    headers: HeaderMap,
    asked: Asked,
    /// The defaults, as changed by the handler.
    config: Config,
    /// Only this connection's, unless [`connections`](WebSocketUpgrade::connections) was called.
    connections: Connections,
}

/// The properties of the request that determine the form of a refusal.
#[derive(Debug, Clone)]
struct Asked {
    version: Version,
    method: Method,
}

impl WebSocketUpgrade {
    /// The draft (version of the protocol) that the client speaks.
    pub fn draft(&self) -> DraftId {
        self.draft
    }

    /// The header fields of the request.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The request head as drafts read it, with the [original URI](crate::OriginalUri); for a
    /// request over HTTP/2, the equivalent HTTP/1.1 request.
    pub fn head(&self) -> &RequestHead {
        self.handshake.head()
    }

    /// The subprotocols that the client offers, in its order of preference.
    pub fn offered_protocols(&self) -> &[String] {
        &self.offered
    }

    /// Where the connection comes from, if the server was made with
    /// `into_make_service_with_connect_info`.
    pub fn remote(&self) -> RemoteAddr {
        self.handshake.remote()
    }

    /// The subprotocols that the handler speaks (RFC 6455 §1.9). By default none. Of those that the
    /// client offers, the client's first choice is agreed on.
    pub fn protocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.config.subprotocols.named = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an extension (RFC 6455 §9) that is agreed on if the client offers it. By default there
    /// are none. Clones of one `Deflate` share its memory limit.
    pub fn extension(mut self, extension: impl Extension) -> Self {
        self.config.extensions.push(Arc::new(extension));
        self
    }

    /// The origins whose pages may connect (RFC 6455 §10.2). By default [`Origins::Same`].
    pub fn origins(mut self, origins: Origins) -> Self {
        self.config.origins = origins;
        self
    }

    /// The proxies that are trusted to send `Forwarded` or `X-Forwarded-*`. By default none. See
    /// [`Builder::trusted_proxies`](crate::Builder::trusted_proxies).
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.config.trusted_proxies = proxies;
        self
    }

    /// The sizes, in bytes, that the connection may reach.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// The times after which the connection is given up.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.config.timeouts = timeouts;
        self
    }

    /// Counts the connection among these, so that they can close it when the site shuts down.
    /// Otherwise it stays open until the handler or the client ends it.
    pub fn connections(mut self, connections: &Connections) -> Self {
        self.connections = connections.clone();
        self
    }

    /// Accepts the request. `callback` is called with the connection once it is open, in a new
    /// task. When it has dropped the socket, the connection is closed with status 1000, or 1011 if
    /// it has panicked or ended with an error (RFC 6455 §7.4.1).
    ///
    /// The response is a refusal, and `callback` is not called, when the origin may not connect,
    /// when the [connections](WebSocketUpgrade::connections) are being closed, or when the HTTP
    /// server cannot upgrade this connection.
    pub fn on_upgrade<C, F>(self, callback: C) -> Response
    where
        C: FnOnce(WebSocket) -> F + Send + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.on_upgrade_with_peer(|socket, _peer| callback(socket))
    }

    /// As [`on_upgrade`](WebSocketUpgrade::on_upgrade), with the [`Peer`]: the client, and what was
    /// agreed on with it.
    pub fn on_upgrade_with_peer<C, F>(self, callback: C) -> Response
    where
        C: FnOnce(WebSocket, Peer) -> F + Send + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.answer(|request| request.accept(callback))
    }

    /// As [`on_upgrade`](WebSocketUpgrade::on_upgrade), with a stream of bytes.
    pub fn on_upgrade_stream<C, F>(self, callback: C) -> Response
    where
        C: FnOnce(ByteStream) -> F + Send + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.answer(|request| request.accept_stream(|stream, _peer| callback(stream)))
    }

    fn answer(self, accept: impl FnOnce(OpeningRequest) -> Accept) -> Response {
        let WebSocketUpgrade { handshake, asked, config, connections, .. } = self;
        let answer = handshake
            .admit(&Arc::new(config), &connections)
            .and_then(|(request, admitted)| admitted.answer(accept(request), &connections));
        match answer {
            Ok(response) => response.map(axum::body::Body::new),
            Err(rejection) => WebSocketUpgradeRejection { rejection, asked }.into_response(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let asked = Asked { version: parts.version, method: parts.method.clone() };
        read(parts, &asked)
            .map_err(|rejection| WebSocketUpgradeRejection { rejection, asked: asked.clone() })
    }
}

/// The warnings of all extractors, since each request has one of its own.
static ORIGIN_WARNINGS: LazyLock<Arc<OriginWarnings>> = LazyLock::new(Arc::default);

fn read(parts: &mut Parts, asked: &Asked) -> Result<WebSocketUpgrade, Rejection> {
    let mut config = Config::new(None).map_err(|error| {
        tracing::error!(%error, "cannot open WebSockets");
        Rejection::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "this server cannot open WebSockets; its log says why",
        )
    })?;
    config.origin_warnings = ORIGIN_WARNINGS.clone();
    let handshake = Handshake::read(parts, &config)?;
    let head = handshake.head();
    let draft = config.drafts.select(head)?;
    let offer = draft.offer(head)?;
    if head.fields().all("Content-Length").any(|length| length != b"0") {
        return Err(Rejection::bad_request(
            "the client sends its handshake challenge as the body of the request, which this path \
             does not read",
        ));
    }
    let offered = offer.subprotocols.into_iter().map(str::to_owned).collect();
    Ok(WebSocketUpgrade {
        draft: draft.id(),
        offered,
        headers: parts.headers.clone(),
        asked: asked.clone(),
        config,
        connections: Connections::new(),
        handshake,
    })
}

/// Why a request opens no WebSocket. As a response it has the status, the reason, and the versions
/// of the protocol that the server speaks.
#[derive(Debug)]
pub struct WebSocketUpgradeRejection {
    rejection: Rejection,
    asked: Asked,
}

impl WebSocketUpgradeRejection {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.rejection.status()
    }

    /// What was wrong, and what was expected.
    pub fn reason(&self) -> &str {
        self.rejection.reason()
    }
}

impl std::fmt::Display for WebSocketUpgradeRejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rejection.fmt(f)
    }
}

impl std::error::Error for WebSocketUpgradeRejection {}

impl IntoResponse for WebSocketUpgradeRejection {
    fn into_response(self) -> Response {
        let WebSocketUpgradeRejection { rejection, asked } = self;
        tracing::info!(%rejection, "refused");
        response::refusal(&rejection, asked.version, &asked.method).map(axum::body::Body::new)
    }
}
