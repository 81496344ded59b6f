//! An axum extractor, for handlers that decide before the connection opens.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, Version};
use ws_core::extension::Extension;
use ws_core::head::RequestHead;
use ws_core::{DraftId, Limits, Rejection, Status, Timeouts};

use super::handshake::Handshake;
use super::response;
use crate::byte_stream::ByteStream;
use crate::config::Config;
use crate::policy::{Content, Origins};
use crate::proxy::TrustedProxies;
use crate::session::{self, Connections, Place, Run, Session};
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
/// Requests over HTTP/1.1 come with `GET`, over HTTP/2 with `CONNECT`: route
/// [`any`](axum::routing::any) method to the handler.
///
/// The body of a request is not an extractor's to take. So the few clients of hixie-76 that send
/// their challenge as one are refused here; an [`UpgradeService`](crate::UpgradeService) serves
/// them too.
#[derive(Debug)]
#[must_use = "the connection opens with `on_upgrade`"]
pub struct WebSocketUpgrade {
    handshake: Handshake,
    draft: DraftId,
    offered: Vec<String>,
    headers: HeaderMap,
    asked: Asked,
    config: Config,
    connections: Connections,
}

/// What the form of an answer depends on.
#[derive(Debug, Clone)]
struct Asked {
    version: Version,
    method: Method,
}

impl WebSocketUpgrade {
    /// The version of the protocol that the client speaks.
    pub fn draft(&self) -> DraftId {
        self.draft
    }

    /// The header fields of the request.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The request as drafts read it; one that came over HTTP/2 as the HTTP/1.1 request that it
    /// stands for.
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

    /// The subprotocols the handler speaks; none. The client's first choice among them is agreed
    /// on.
    pub fn protocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.config.subprotocols.named = names.into_iter().map(Into::into).collect();
        self
    }

    /// An extension that is agreed on if the client offers it; none. Clones of one `Deflate`
    /// share its memory.
    pub fn extension(mut self, extension: impl Extension) -> Self {
        self.config.extensions.push(Arc::new(extension));
        self
    }

    /// Which pages may connect; pages of the same origin.
    pub fn origins(mut self, origins: Origins) -> Self {
        self.config.origins = origins;
        self
    }

    /// The proxies whose `Forwarded` or `X-Forwarded-*` are believed when the origin is compared
    /// and hixie-76 clients are told their URL; none.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.config.trusted_proxies = proxies;
        self
    }

    /// What the client may cost in bytes.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// What the client may cost in time.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.config.timeouts = timeouts;
        self
    }

    /// Counts the connection among these, which close it when the site shuts down. Otherwise it
    /// lives until it ends by itself.
    pub fn connections(mut self, connections: &Connections) -> Self {
        self.connections = connections.clone();
        self
    }

    /// Accepts the request. `callback` gets the connection once it is open, in a task of its own;
    /// when it has dropped the socket, the connection is closed with status 1000.
    ///
    /// The answer is a refusal when the origin may not connect.
    pub fn on_upgrade<C, F>(self, callback: C) -> Response
    where
        C: FnOnce(WebSocket) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.accept(Content::Messages, |session, place| {
            session.run_messages(place, |socket, _peer| async {
                callback(socket).await;
                Ok(())
            })
        })
    }

    /// As [`on_upgrade`](WebSocketUpgrade::on_upgrade), with a stream of bytes.
    pub fn on_upgrade_stream<C, F>(self, callback: C) -> Response
    where
        C: FnOnce(ByteStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.accept(Content::Bytes, |session, place| {
            session.run_stream(place, |stream, _peer| async {
                callback(stream).await;
                Ok(())
            })
        })
    }

    fn accept<R, F>(self, content: Content, run: R) -> Response
    where
        R: FnOnce(Session, Place) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send,
    {
        let WebSocketUpgrade { handshake, asked, config, connections, .. } = self;
        match handshake.agree(&Arc::new(config), content, &connections) {
            Ok(accepted) => {
                let (response, admitted) = accepted.admit(&connections);
                session::spawn(Once(Some(run)), admitted, &connections);
                response.map(axum::body::Body::new)
            }
            Err(rejection) => WebSocketUpgradeRejection { rejection, asked }.into_response(),
        }
    }
}

/// What a handler runs on its one connection.
struct Once<R>(Option<R>);

impl<R, F> Run for Once<R>
where
    R: FnOnce(Session, Place) -> F + Send + 'static,
    F: Future<Output = io::Result<()>> + Send,
{
    async fn run(&mut self, session: Session, place: Place) -> io::Result<()> {
        match self.0.take() {
            Some(run) => run(session, place).await,
            None => Ok(()),
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

fn read(parts: &mut Parts, asked: &Asked) -> Result<WebSocketUpgrade, Rejection> {
    let config = Config::new(None).map_err(|error| {
        tracing::error!(%error, "no WebSocket can be opened");
        Rejection::new(Status::InternalServerError, "the server cannot open a WebSocket")
    })?;
    let handshake = Handshake::read(parts, &config)?;
    let head = handshake.head();
    let draft = config.drafts.select(head)?;
    let offer = draft.offer(head)?;
    if head.fields().all("Content-Length").any(|length| length != b"0") {
        return Err(Rejection::bad_request(
            "the challenge came as the body of the request, which is not read at this path",
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

/// Why a request opens no WebSocket. As a response it says so, with its status and the versions
/// that are spoken.
#[derive(Debug)]
pub struct WebSocketUpgradeRejection {
    rejection: Rejection,
    asked: Asked,
}

impl WebSocketUpgradeRejection {
    /// What kind of refusal it is.
    pub fn status(&self) -> Status {
        self.rejection.status()
    }

    /// What was wrong and what was expected.
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
