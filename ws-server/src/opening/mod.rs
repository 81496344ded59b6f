//! The opening handshake on a socket of our own.

mod agreement;
mod behind_proxy;
mod establish;
mod io;
mod read_head;
mod refuse;
mod secure;

use std::pin::pin;

use tokio::time::Instant;
use ws_core::buffer::ReadBuffer;
use ws_core::head::{HeadReader, RequestHead};
use ws_core::{HandshakeError, LONGEST_TIMEOUT, Rejection, Status};

#[cfg(feature = "tower")]
pub(crate) use agreement::Agreed;
use agreement::Terms;
pub(crate) use agreement::{Route, agree, route};
pub(crate) use behind_proxy::believe_forwarded;
use behind_proxy::read_proxy_header;
pub(crate) use establish::{TOO_LATE, finish};
#[cfg(feature = "http2")]
use read_head::take_unread;
use read_head::{ReadHeadError, Spoken, read_head, recognise};
pub(crate) use refuse::{Refused, serve_page};
use secure::secure;

use crate::alarm::{Alarm, Ring};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::peer::{Peer, Source};
use crate::policy::Content;
use crate::proxy::ProxyHeaderError;
use crate::socket::{RemoteAddr, Socket};

/// How an opening handshake ended.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A WebSocket.
    WebSocket(Box<Endpoint<Socket>>, Peer),
    /// An ordinary request, for the page.
    Page(Socket),
    /// A connection that carries WebSockets in streams, and what was read from it.
    #[cfg(feature = "http2")]
    Http2(Box<(Socket, Vec<u8>, Source)>),
}

/// Why there is no WebSocket.
#[derive(Debug)]
pub(crate) enum OpeningError {
    /// The request was refused; the peer is to be told.
    Rejected(Box<Refused>),
    /// The handshake broke off; there is nobody to tell, or no way.
    Failed(HandshakeError),
    /// A proxy began with something else than it should.
    Proxy(ProxyHeaderError),
    /// There was no TLS handshake to agree on.
    Tls(std::io::Error),
    /// The peer asked for nothing, and went away or let the deadline pass.
    Silent,
    /// The server goes down first.
    Stopped,
}

/// Where the peer has said nothing so far.
impl From<Ring> for OpeningError {
    fn from(ring: Ring) -> OpeningError {
        match ring {
            Ring::Deadline => OpeningError::Silent,
            Ring::Stop => OpeningError::Stopped,
        }
    }
}

/// Reads the request head, answers it, and does what its draft wants behind the heads, all
/// before one deadline; `alarm` keeps it, and is the connection's then.
pub(crate) async fn open(
    socket: Socket,
    remote: RemoteAddr,
    config: &Config,
    content: Content,
    mut alarm: Alarm,
) -> Result<Opened, OpeningError> {
    let deadline = Instant::now().into_std() + config.timeouts.opening.min(LONGEST_TIMEOUT);
    let mut source = Source::new(remote, config.transport.unwrap_or_default());
    let mut read = ReadBuffer::new();
    let beginning = begin(socket, &mut read, &mut source, config);
    let (mut socket, spoken) = alarm.limit(deadline, pin!(beginning)).await??;
    if config.wants_tls(&socket) {
        let reason = "this port speaks TLS alone: come with wss: or https:";
        return Err(reject(socket, &source, Rejection::bad_request(reason), false));
    }
    match spoken {
        #[cfg(feature = "http2")]
        Spoken::Http2 => {
            return Ok(Opened::Http2(Box::new((socket, take_unread(&mut read), source))));
        }
        _ => {}
    }
    let (head_only, answer) = {
        let mut reader = HeadReader::new();
        let reading = read_head(&mut socket, &mut read, &mut reader);
        let outcome = alarm.limit(deadline, pin!(reading)).await;
        match outcome {
            Ok(Ok(head)) => (head.method() == "HEAD", answer(head, &mut source, config, content)),
            Ok(Err(ReadHeadError::Head(error))) => (false, Err(error.into())),
            Ok(Err(ReadHeadError::Io(error))) if !reader.is_empty() => {
                return Err(OpeningError::Failed(error.into()));
            }
            Ok(Err(ReadHeadError::Io(_))) => return Err(OpeningError::Silent),
            Err(Ring::Deadline) if !reader.is_empty() => (false, Err(too_slow(config))),
            Err(ring) => return Err(ring.into()),
        }
    };
    match answer {
        Ok(Answer::Page) => Ok(Opened::Page(socket)),
        Ok(Answer::WebSocket(response, (terms, peer))) => {
            let head = peer.head();
            let finishing = finish(&mut socket, &mut read, response, terms.draft, head);
            let finished = alarm.limit(deadline, pin!(finishing)).await;
            match finished {
                Ok(finished) => finished.map_err(OpeningError::Failed)?,
                Err(Ring::Deadline) => return Err(OpeningError::Failed(TOO_LATE)),
                Err(ring) => return Err(ring.into()),
            }
            let ends_by_drop = socket.is_of_system();
            let mut endpoint = terms.establish(socket, read, config, alarm);
            endpoint.link.end_by_drop(ends_by_drop);
            Ok(Opened::WebSocket(endpoint, peer))
        }
        Err(rejection) => Err(reject(socket, &source, rejection, head_only)),
    }
}

/// What a request gets.
enum Answer {
    Page,
    /// A WebSocket: the head of the 101, and what was agreed on with whom.
    WebSocket(Vec<u8>, (Terms, Peer)),
}

fn answer(
    mut head: RequestHead,
    source: &mut Source,
    config: &Config,
    content: Content,
) -> Result<Answer, Rejection> {
    believe_forwarded(&mut head, source, config)?;
    if route(&head, config)? == Route::Page {
        return Ok(Answer::Page);
    }
    let agreed = agree(&head, source.transport, config, content)?;
    let mut response = Vec::with_capacity(256);
    agreed.response.write(&mut response).map_err(|error| {
        Rejection::bad_request(format!("the request cannot be answered: {error}"))
    })?;
    Ok(Answer::WebSocket(response, agreed.with(head, source.clone())))
}

/// Finds out what the client speaks, TLS and what is in it.
async fn begin(
    mut socket: Socket,
    read: &mut ReadBuffer,
    source: &mut Source,
    config: &Config,
) -> Result<(Socket, Spoken), OpeningError> {
    match read_proxy_header(&mut socket, read, source, config).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(OpeningError::Proxy(error)),
        Err(_) => return Err(OpeningError::Silent),
    }
    let mut spoken = recognise(&mut socket, read).await.map_err(|_| OpeningError::Silent)?;
    if spoken == Spoken::Tls {
        // Boxed: it is large, and connections without TLS should not carry it.
        let secured = Box::pin(secure(socket, read, source, config));
        socket = secured.await.map_err(OpeningError::Tls)?;
        spoken = recognise(&mut socket, read).await.map_err(|_| OpeningError::Silent)?;
    }
    Ok((socket, spoken))
}

fn too_slow(config: &Config) -> Rejection {
    let limit = config.timeouts.opening.as_secs_f32();
    let reason = format!("the request head did not come within {limit} seconds");
    Rejection::new(Status::RequestTimeout, reason)
}

fn reject(socket: Socket, source: &Source, rejection: Rejection, head_only: bool) -> OpeningError {
    let remote = source.remote;
    OpeningError::Rejected(Box::new(Refused { socket, remote, rejection, head_only }))
}
