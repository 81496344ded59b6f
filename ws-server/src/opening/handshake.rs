//! The steps of an opening handshake, under one deadline.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::time::Instant;
use tracing::Span;
use ws_core::head::RequestHead;
use ws_core::{Draft, LONGEST_TIMEOUT, Rejection, StatusCode};

use super::agreement::{Agreement, Route, agree, check, route};
use super::begin::{Spoken, begin};
use super::establish::{TOO_LATE, finish};
use super::outcome::{Opened, OpeningError};
use super::read_head::{ReadHeadError, read_head};
use super::received::{Disconnected, Received};
use super::refuse::{BodyMode, Refusal, shutting_down, undecided};
use super::trusted_proxy::believe_forwarded;
use crate::application::{Accept, Application, OpeningRequest, decide};
use crate::config::Config;
use crate::peer::{Peer, Source};
use crate::runtime::alarm::{Alarm, AlarmEvent};
use crate::session::Session;
use crate::socket::{RemoteAddr, Socket};

/// A connection whose opening handshake has begun. The socket is passed from step to step and not
/// stored here: the TLS handshake consumes it and returns another one.
pub(super) struct OpeningHandshake<'c> {
    config: &'c Config,
    source: Source,
    alarm: Alarm,
    /// For all steps together; never moved.
    deadline: std::time::Instant,
    /// Bytes that were read from the socket and not consumed by a step.
    received: Received,
}

/// Why there is no decision that opens a WebSocket.
pub(super) enum Undecided {
    /// The request is refused.
    Refused(Rejection),
    /// The client has left.
    Left(io::Error),
}

impl<'c> OpeningHandshake<'c> {
    /// Its deadline is the opening timeout, from now.
    pub(super) fn new(
        remote: RemoteAddr,
        config: &'c Config,
        alarm: Alarm,
    ) -> OpeningHandshake<'c> {
        OpeningHandshake {
            config,
            source: Source::new(remote, config.transport.unwrap_or_default()),
            alarm,
            deadline: Instant::now().into_std() + config.timeouts.opening.min(LONGEST_TIMEOUT),
            received: Received::default(),
        }
    }

    /// Detects what the client speaks; terminates TLS and detects what is spoken within.
    pub(super) async fn begin(&mut self, socket: Socket) -> Result<(Socket, Spoken), OpeningError> {
        let beginning = begin(socket, &mut self.received, &mut self.source, self.config);
        let cut = |ring| match ring {
            AlarmEvent::Deadline => OpeningError::Silent,
            AlarmEvent::Shutdown => OpeningError::Shutdown,
        };
        let (socket, spoken) = self.alarm.limit(self.deadline, pin!(beginning), cut).await?;
        if self.config.wants_tls(&socket) {
            let reason = "this port only accepts TLS; use wss:// or https://";
            return Err(self.refuse(socket, Rejection::bad_request(reason), BodyMode::Whole));
        }
        Ok((socket, spoken))
    }

    /// Hands the connection over for HTTP/2, with the bytes that were read from it.
    #[cfg(feature = "http2")]
    pub(super) fn hand_over(mut self, socket: Socket) -> Opened {
        Opened::Http2(Box::new((socket, self.received.take(), self.source)))
    }

    /// Reads the request head, of which at least one byte is in the read buffer. Bytes received
    /// after the head stay there.
    pub(super) async fn read_head(
        &mut self,
        mut socket: Socket,
    ) -> Result<(Socket, RequestHead), OpeningError> {
        let reading = read_head(&mut socket, &mut self.received);
        let outcome = self.alarm.limit(self.deadline, pin!(reading), ReadHeadError::Cut).await;
        let rejection = match outcome {
            Ok(head) => return Ok((socket, head)),
            Err(ReadHeadError::Head(error)) => error.into(),
            Err(ReadHeadError::Cut(AlarmEvent::Deadline)) => too_slow(self.config),
            Err(ReadHeadError::Cut(AlarmEvent::Shutdown)) => return Err(OpeningError::Shutdown),
            Err(ReadHeadError::Disconnected(error)) => {
                return Err(OpeningError::Failed(error.into()));
            }
        };
        Err(self.refuse(socket, rejection, BodyMode::Whole))
    }

    /// Checks the request. `None` when it is answered with the page.
    pub(super) fn check(
        &mut self,
        mut head: RequestHead,
    ) -> Result<Option<OpeningRequest>, Rejection> {
        let OpeningHandshake { config, source, deadline, .. } = self;
        believe_forwarded(&mut head, source, config)?;
        match route(&head, config)? {
            Route::Page => Ok(None),
            Route::WebSocket => {
                let deadline = Instant::from_std(*deadline);
                let request = check(head, source.clone(), config, deadline)?;
                Span::current().record("id", request.id().number());
                Ok(Some(request))
            }
        }
    }

    /// Waits for the decision of the application. It ends when the client leaves.
    pub(super) async fn decide(
        &mut self,
        socket: &mut Socket,
        request: OpeningRequest,
        application: &Arc<dyn Application>,
    ) -> Result<Accept, Undecided> {
        let OpeningHandshake { received, alarm, deadline, .. } = self;
        let mut deciding = pin!(decide(application, request));
        let decided = poll_fn(|cx| {
            if let Poll::Ready(decision) = deciding.as_mut().poll(cx) {
                return Poll::Ready(decision.map_err(Undecided::Refused));
            }
            received.poll_left(socket, cx).map(|Disconnected(error)| Err(Undecided::Left(error)))
        });
        let cut = |event| match event {
            AlarmEvent::Deadline => Undecided::Refused(undecided(self.config)),
            AlarmEvent::Shutdown => Undecided::Refused(shutting_down()),
        };
        alarm.limit(*deadline, pin!(decided), cut).await
    }

    /// Agrees on everything else, and encodes the head of the response.
    pub(super) fn agree(&self, accept: Accept) -> Result<(Agreement, Vec<u8>), Rejection> {
        let agreement = agree(accept, self.config)?;
        let mut response = Vec::with_capacity(256);
        agreement.response.write(&mut response).map_err(|error| {
            Rejection::bad_request(format!(
                "the response to this request cannot be written: {error}"
            ))
        })?;
        Ok((agreement, response))
    }

    /// Sends the response, and what the draft exchanges after the heads. Returns the bytes received
    /// after that, which belong to the first frames.
    pub(super) async fn finish(
        &mut self,
        socket: &mut Socket,
        response: Vec<u8>,
        draft: &'static dyn Draft,
        peer: &Peer,
    ) -> Result<Vec<u8>, OpeningError> {
        let mut rest = self.received.take();
        let finishing = finish(socket, &mut rest, response, draft, peer.head());
        let cut = |ring| match ring {
            AlarmEvent::Deadline => OpeningError::Failed(TOO_LATE),
            AlarmEvent::Shutdown => OpeningError::Shutdown,
        };
        self.alarm.limit(self.deadline, pin!(finishing), cut).await?;
        Ok(rest)
    }

    /// Opens the connection.
    pub(super) fn establish(self, socket: Socket, rest: Vec<u8>, agreement: Agreement) -> Opened {
        let Agreement { terms, peer, start, .. } = agreement;
        let endpoint = terms.establish(socket, rest, self.config, self.alarm);
        Opened::WebSocket(Session { endpoint, peer }, start)
    }

    /// Refuses the request; [`Refusal::answer`] then tells the peer why.
    pub(super) fn refuse(
        &self,
        socket: Socket,
        rejection: Rejection,
        extent: BodyMode,
    ) -> OpeningError {
        let remote = self.source.remote;
        OpeningError::Rejected(Box::new(Refusal { socket, remote, rejection, extent }))
    }
}

fn too_slow(config: &Config) -> Rejection {
    let limit = config.timeouts.opening.as_secs_f32();
    let reason = format!("the request head was not complete within {limit} seconds");
    Rejection::new(StatusCode::REQUEST_TIMEOUT, reason)
}
