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
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{Instrument, Span, debug_span, error, info};
use ws_core::head::RequestHead;
use ws_core::{HandshakeError, LONGEST_TIMEOUT, Rejection, StatusCode};

use super::request::{self, Bootstrap};
use super::{response, upgraded};
use crate::application::{Accept, Application, OpeningRequest, decide};
use crate::config::Config;
use crate::opening::{
    Agreement, TOO_LATE, agree, believe_forwarded, check, finish, shutting_down, undecided,
};
use crate::peer::Source;
use crate::runtime::alarm::Alarm;
use crate::runtime::shutdown::Shutdown;
use crate::session::{self, Connections, Place, Session, Start};
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

/// A request that opens a WebSocket, if the application accepts it.
pub(super) struct AdmittedUpgrade {
    config: Arc<Config>,
    bootstrap: Bootstrap,
    /// Completes when the HTTP server has written the response.
    upgrade: OnUpgrade,
    /// The connection is one of all, whatever the application decides.
    place: Place,
    span: Span,
    deadline: Instant,
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

    /// Checks the request, and acquires the permit of its connection.
    ///
    /// # Errors
    /// A [`Rejection`] for anything that can be refused without the application.
    pub(super) fn admit(
        self,
        config: &Arc<Config>,
        connections: &Connections,
    ) -> Result<(OpeningRequest, AdmittedUpgrade), Rejection> {
        let Handshake { mut head, bootstrap, mut source, upgrade } = self;
        believe_forwarded(&mut head, &mut source, config)?;
        let deadline = Instant::now() + config.timeouts.opening.min(LONGEST_TIMEOUT);
        let request = check(head, source, config, deadline)?;
        if request.draft.needs_exact_head() {
            let reason = format!(
                "clients of {} need a response with an exact order and case of fields, which this \
                 site's HTTP server does not write; serve them on a port of ws-server's own",
                request.draft.id()
            );
            return Err(Rejection::new(StatusCode::NOT_IMPLEMENTED, reason));
        }
        if connections.signal().is_triggered() {
            return Err(shutting_down());
        }
        let permit = config.permits.clone().try_acquire_owned().ok();
        let Some(permit) = permit.filter(|_| !connections.is_full()) else {
            let reason = "the server has reached its limit of connections; try again later";
            return Err(Rejection::new(StatusCode::SERVICE_UNAVAILABLE, reason));
        };
        let Some(upgrade) = upgrade else {
            error!("{NO_UPGRADES}");
            let reason = "the server cannot upgrade this connection; its log says why";
            return Err(Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, reason));
        };
        let (id, over) = (request.id().number(), bootstrap.name());
        let span = debug_span!("connection", id, remote = %request.remote(), over);
        let (config, place, challenge) = (config.clone(), connections.place(permit), None);
        let admitted =
            AdmittedUpgrade { config, bootstrap, upgrade, place, span, deadline, challenge };
        Ok((request, admitted))
    }
}

impl AdmittedUpgrade {
    /// Adds the body of the request, if it has one: it is part of the handshake.
    pub(super) fn with_body<B>(mut self, body: B) -> AdmittedUpgrade
    where
        B: Body<Data: Send, Error: std::fmt::Display> + Send + 'static,
    {
        if !body.is_end_stream() {
            self.challenge = Some(Box::pin(challenge(body)));
        }
        self
    }

    /// Waits for the decision of the application.
    ///
    /// # Errors
    /// A [`Rejection`] by the application, or when the opening deadline passes or the
    /// `connections` are closed before.
    pub(super) async fn decide(
        &mut self,
        application: &Arc<dyn Application>,
        request: OpeningRequest,
        connections: &Connections,
    ) -> Result<Accept, Rejection> {
        let decision = async {
            tokio::select! {
                biased;
                () = connections.signal().triggered() => Err(shutting_down()),
                decision = decide(application, request) => decision,
                () = sleep_until(self.deadline) => Err(undecided(&self.config)),
            }
        };
        decision.instrument(self.span.clone()).await
    }

    /// The response, for the HTTP server to send, and the task that opens the connection once the
    /// HTTP server has handed it over.
    ///
    /// # Errors
    /// A [`Rejection`] when the request cannot be answered.
    pub(super) fn answer(
        self,
        accept: Accept,
        connections: &Connections,
    ) -> Result<http::Response<Full<Bytes>>, Rejection> {
        let AdmittedUpgrade { config, bootstrap, upgrade, place, span, deadline, challenge } = self;
        let agreement = agree(accept, &config)?;
        let response = response::opened(&agreement.response, bootstrap)?;
        let shutdown = connections.signal().clone();
        let pending = PendingUpgrade { config, agreement, upgrade, deadline, challenge, shutdown };
        session::spawn(pending.session(), place, span);
        Ok(response)
    }
}

/// What is needed to open the WebSocket once the request is answered.
struct PendingUpgrade {
    config: Arc<Config>,
    agreement: Agreement,
    upgrade: OnUpgrade,
    deadline: Instant,
    challenge: Option<Challenge>,
    shutdown: Shutdown,
}

impl PendingUpgrade {
    async fn session(self) -> Option<(Session, Box<dyn Start>)> {
        self.open().await.inspect_err(|error| info!(%error, "opening handshake failed")).ok()
    }

    async fn open(self) -> Result<(Session, Box<dyn Start>), HandshakeError> {
        let PendingUpgrade { config, agreement, upgrade, deadline, challenge, shutdown } = self;
        let (mut socket, mut received) = timeout_at(deadline, take_over(upgrade, challenge))
            .await
            .map_err(|_| HandshakeError::Refused(NOT_IN_TIME))??;
        let Agreement { terms, mut peer, start, .. } = agreement;
        peer.learn(&socket);
        let (draft, head) = (terms.draft, peer.head());
        let finishing = finish(&mut socket, &mut received, Vec::new(), draft, head);
        timeout_at(deadline, finishing).await.map_err(|_| TOO_LATE)??;
        let endpoint = terms.establish(socket, received, &config, Alarm::new(shutdown));
        Ok((Session { endpoint, peer }, start))
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
