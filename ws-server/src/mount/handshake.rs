//! The opening handshake of a request that an HTTP server has read.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use http::request::Parts;
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::upgrade::OnUpgrade;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use tracing::{debug_span, error, info};
use ws_core::head::RequestHead;
use ws_core::{HandshakeError, LONGEST_TIMEOUT, Rejection, StatusCode};

use super::request::{self, Bootstrap};
use super::{response, upgraded};
use crate::config::Config;
use crate::opening::{Negotiated, TOO_LATE, agree, believe_forwarded, finish};
use crate::peer::Source;
use crate::policy::Content;
use crate::runtime::alarm::Alarm;
use crate::runtime::shutdown::Shutdown;
use crate::session::{Admitted, Connections, Session};
#[cfg(feature = "axum")]
use crate::socket::RemoteAddr;
use crate::socket::Socket;

/// Reads the body of the request.
type Challenge = Pin<Box<dyn Future<Output = Result<Vec<u8>, HandshakeError>> + Send>>;

/// The longest body of an opening handshake, in bytes: some hixie-76 clients send their challenge
/// as the body.
const LONGEST_BODY: usize = 8;

/// A request that may open a WebSocket.
#[derive(Debug)]
pub(super) struct Handshake {
    head: RequestHead,
    bootstrap: Bootstrap,
    source: Source,
    /// `None` when the HTTP server does not support upgrades of this request.
    upgrade: Option<OnUpgrade>,
}

/// A request that opens a WebSocket.
pub(super) struct AcceptedUpgrade {
    pending: PendingUpgrade,
    bootstrap: Bootstrap,
    response: http::Response<Full<Bytes>>,
    permit: OwnedSemaphorePermit,
}

/// What is needed to open the WebSocket once the request is answered.
struct PendingUpgrade {
    config: Arc<Config>,
    head: RequestHead,
    source: Source,
    agreed: Negotiated,
    /// Completes when the HTTP server has written the response.
    upgrade: OnUpgrade,
    /// `Some` only if the request has a body: read before the connection is taken over.
    challenge: Option<Challenge>,
}

impl Handshake {
    pub(super) fn read(parts: &mut Parts, config: &Config) -> Result<Handshake, Rejection> {
        let (head, bootstrap) = request::read(parts)?;
        let source = request::source(parts, config);
        Ok(Handshake { head, bootstrap, source, upgrade: parts.extensions.remove() })
    }

    pub(super) fn head(&self) -> &RequestHead {
        &self.head
    }

    #[cfg(feature = "axum")]
    pub(super) fn remote(&self) -> RemoteAddr {
        self.source.remote
    }

    /// Negotiates the connection, and acquires its permit.
    ///
    /// # Errors
    /// A [`Rejection`] for anything that can be refused.
    pub(super) fn agree(
        self,
        config: &Arc<Config>,
        content: Content,
        connections: &Connections,
    ) -> Result<AcceptedUpgrade, Rejection> {
        let Handshake { mut head, bootstrap, mut source, upgrade } = self;
        believe_forwarded(&mut head, &mut source, config)?;
        let agreed = agree(&head, source.transport, config, content)?;
        if agreed.terms.draft.needs_exact_head() {
            let reason = format!(
                "clients of {} need a response with an exact order and case of fields, which this \
                 site's HTTP server does not write; serve them on a port of ws-server's own",
                agreed.terms.draft.id()
            );
            return Err(Rejection::new(StatusCode::NOT_IMPLEMENTED, reason));
        }
        let response = response::opened(&agreed.response, bootstrap)?;
        let unavailable = |reason| Err(Rejection::new(StatusCode::SERVICE_UNAVAILABLE, reason));
        if connections.signal().is_triggered() {
            return unavailable("the server is shutting down");
        }
        let permit = config.permits.clone().try_acquire_owned().ok();
        let Some(permit) = permit.filter(|_| !connections.is_full()) else {
            return unavailable("the server has reached its limit of connections; try again later");
        };
        let Some(upgrade) = upgrade else {
            error!("{NO_UPGRADES}");
            let reason = "the server cannot upgrade this connection; its log says why";
            return Err(Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, reason));
        };
        let config = config.clone();
        let challenge = None;
        let pending = PendingUpgrade { config, head, source, agreed, upgrade, challenge };
        Ok(AcceptedUpgrade { pending, bootstrap, response, permit })
    }
}

impl AcceptedUpgrade {
    /// Adds the body of the request, if it has one: it is part of the handshake.
    pub(super) fn with_body<B>(mut self, body: B) -> AcceptedUpgrade
    where
        B: Body<Data: Send, Error: std::fmt::Display> + Send + 'static,
    {
        if !body.is_end_stream() {
            self.pending.challenge = Some(Box::pin(challenge(body)));
        }
        self
    }

    /// The response, for the HTTP server to send, and the connection, which is opened once the HTTP
    /// server has handed it over.
    pub(super) fn admit(
        self,
        connections: &Connections,
    ) -> (http::Response<Full<Bytes>>, Admitted) {
        let AcceptedUpgrade { pending, bootstrap, response, permit } = self;
        let remote = pending.source.remote;
        let span = debug_span!("connection", %remote, over = bootstrap.name());
        let opening = Box::pin(pending.session(connections.signal().clone()));
        (response, Admitted { opening, permit, span })
    }
}

impl PendingUpgrade {
    async fn session(self, shutdown: Shutdown) -> Option<Session> {
        let opened = self.open(shutdown).await;
        opened.inspect_err(|error| info!(%error, "opening handshake failed")).ok()
    }

    async fn open(self, shutdown: Shutdown) -> Result<Session, HandshakeError> {
        let PendingUpgrade { config, head, mut source, agreed, upgrade, challenge } = self;
        let deadline = Instant::now() + config.timeouts.opening.min(LONGEST_TIMEOUT);
        let (mut socket, mut received) = timeout_at(deadline, take_over(upgrade, challenge))
            .await
            .map_err(|_| HandshakeError::Refused(NOT_IN_TIME))??;
        source.learn(&socket);
        let (terms, peer) = agreed.with(head, source);
        let (draft, head) = (terms.draft, peer.head());
        let finishing = finish(&mut socket, &mut received, Vec::new(), draft, head);
        timeout_at(deadline, finishing).await.map_err(|_| TOO_LATE)??;
        let endpoint = terms.establish(socket, received, &config, Alarm::new(shutdown));
        Ok(Session { endpoint, peer })
    }
}

const NO_UPGRADES: &str = "upgrades are not enabled on this HTTP connection: serve it with \
                           `with_upgrades` (hyper) or `serve_connection_with_upgrades` (hyper-util)";

const NOT_IN_TIME: &str =
    "the HTTP server did not hand the connection over before the opening deadline";

/// Takes the socket from the HTTP server, and the bytes that it has read after the request head.
async fn take_over(
    upgrade: OnUpgrade,
    body: Option<Challenge>,
) -> Result<(Socket, Vec<u8>), HandshakeError> {
    let mut received = Vec::new();
    if let Some(body) = body {
        received = body.await?;
    }
    let upgraded = upgrade.await.map_err(|cause| {
        if cause.is_user() {
            error!("{NO_UPGRADES}");
        }
        HandshakeError::Io(io::Error::other(cause))
    })?;
    let (socket, rest) = upgraded::socket(upgraded);
    received.extend_from_slice(&rest);
    Ok((socket, received))
}

/// Reads the challenge that the HTTP server sees as the body of the request.
async fn challenge<B>(body: B) -> Result<Vec<u8>, HandshakeError>
where
    B: Body<Data: Send, Error: std::fmt::Display> + Send,
{
    let mut body = std::pin::pin!(body);
    let mut received = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| io::Error::other(error.to_string()))?;
        if let Ok(mut data) = frame.into_data() {
            if received.len() + data.remaining() > LONGEST_BODY {
                return Err(HandshakeError::Refused(
                    "the request has a body of more than 8 bytes, the length of a challenge",
                ));
            }
            received.extend_from_slice(&data.copy_to_bytes(data.remaining()));
        }
    }
    Ok(received)
}
