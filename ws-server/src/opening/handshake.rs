//! The steps of an opening handshake, under one deadline.

use std::pin::pin;

use tokio::time::Instant;
use ws_core::head::RequestHead;
use ws_core::{Draft, LONGEST_TIMEOUT, Rejection, StatusCode};

use super::agreement::{Route, Terms, agree, route};
use super::begin::{Spoken, begin};
use super::establish::{TOO_LATE, finish};
use super::outcome::{Opened, OpeningError};
use super::read_head::{ReadHeadError, read_head};
use super::received::Received;
use super::refuse::{BodyMode, Refusal};
use super::trusted_proxy::believe_forwarded;
use crate::config::Config;
use crate::peer::{Peer, Source};
use crate::policy::Content;
use crate::runtime::alarm::{Alarm, AlarmEvent};
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

/// The answer to a request.
pub(super) enum Answer {
    /// The HTML page.
    Page,
    /// A refusal, and how much of it is sent.
    Refusal(Rejection, BodyMode),
    /// A WebSocket: the encoded head of the 101 response, what was agreed on, and the peer.
    WebSocket(Vec<u8>, Terms, Peer),
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

    /// Decides how the request is answered.
    pub(super) fn answer(&mut self, head: RequestHead, content: Content) -> Answer {
        let extent = BodyMode::of_answer_to(&head);
        self.agree(head, content).unwrap_or_else(|rejection| Answer::Refusal(rejection, extent))
    }

    fn agree(&mut self, mut head: RequestHead, content: Content) -> Result<Answer, Rejection> {
        let OpeningHandshake { config, source, .. } = self;
        believe_forwarded(&mut head, source, config)?;
        if route(&head, config)? == Route::Page {
            return Ok(Answer::Page);
        }
        let agreed = agree(&head, source.transport, config, content)?;
        let mut response = Vec::with_capacity(256);
        agreed.response.write(&mut response).map_err(|error| {
            Rejection::bad_request(format!(
                "the response to this request cannot be written: {error}"
            ))
        })?;
        let (terms, peer) = agreed.with(head, source.clone());
        Ok(Answer::WebSocket(response, terms, peer))
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
    pub(super) fn establish(
        self,
        socket: Socket,
        rest: Vec<u8>,
        terms: Terms,
        peer: Peer,
    ) -> Opened {
        let endpoint = terms.establish(socket, rest, self.config, self.alarm);
        Opened::WebSocket(endpoint, peer)
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
