//! The opening handshake on a socket of our own.

mod agreement;
mod behind_proxy;
mod establish;
mod io;
mod read_head;
mod refuse;
mod secure;

use tokio::time::{Instant, timeout_at};
use ws_core::buffer::ReadBuffer;
use ws_core::head::HeadReader;
use ws_core::{HandshakeError, LONGEST_TIMEOUT, Rejection, Status};

#[cfg(feature = "tower")]
pub(crate) use agreement::Agreed;
pub(crate) use agreement::{InUse, Route, Source, agree, route};
pub(crate) use behind_proxy::believe_forwarded;
use behind_proxy::read_proxy_header;
pub(crate) use establish::establish;
#[cfg(feature = "http2")]
use read_head::take_unread;
use read_head::{ReadHeadError, Spoken, read_head, recognise};
pub(crate) use refuse::{Refused, serve_page};
use secure::secure;

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::policy::Content;
use crate::proxy::ProxyHeaderError;
use crate::service::Peer;
use crate::socket::{RemoteAddr, Socket};
use crate::stop::Stop;

/// How an opening handshake ended.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A WebSocket.
    WebSocket(Box<Endpoint<Socket>>, Peer),
    /// An ordinary request, for the page.
    Page(Socket),
    /// A connection that carries WebSockets in streams, and what was read from it.
    #[cfg(feature = "http2")]
    Http2(Socket, Vec<u8>, Source),
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
}

/// Reads the request head, answers it, and does what its draft wants behind the heads, all
/// before one deadline.
pub(crate) async fn open(
    socket: Socket,
    remote: RemoteAddr,
    config: &Config,
    content: Content,
    stop: &Stop,
) -> Result<Opened, OpeningError> {
    let deadline = Instant::now() + config.timeouts.opening.min(LONGEST_TIMEOUT);
    let mut source = Source::new(remote, config.transport.unwrap_or_default());
    let mut read = ReadBuffer::new();
    let beginning = begin(socket, &mut read, &mut source, config);
    let (mut socket, spoken) = match timeout_at(deadline, beginning).await {
        Ok(begun) => begun?,
        Err(_) => return Err(OpeningError::Silent),
    };
    if config.wants_tls(&socket) {
        let reason = "this port speaks TLS alone: come with wss: or https:";
        return Err(reject(socket, &source, Rejection::bad_request(reason)));
    }
    match spoken {
        #[cfg(feature = "http2")]
        Spoken::Http2 => return Ok(Opened::Http2(socket, take_unread(&mut read), source)),
        _ => {}
    }
    let mut reader = HeadReader::new();
    let mut head = match timeout_at(deadline, read_head(&mut socket, &mut read, &mut reader)).await
    {
        Ok(Ok(head)) => head,
        Ok(Err(ReadHeadError::Head(error))) => return Err(reject(socket, &source, error.into())),
        Ok(Err(ReadHeadError::Io(error))) if !reader.is_empty() => {
            return Err(OpeningError::Failed(error.into()));
        }
        Ok(Err(ReadHeadError::Io(_))) => return Err(OpeningError::Silent),
        Err(_) if reader.is_empty() => return Err(OpeningError::Silent),
        Err(_) => return Err(reject(socket, &source, too_slow(config))),
    };
    let agreed = match believe_forwarded(&mut head, &mut source, config)
        .and_then(|()| route(&head, config))
    {
        Ok(Route::Page) => return Ok(Opened::Page(socket)),
        Ok(Route::WebSocket) => agree(&head, source.transport, config, content),
        Err(rejection) => Err(rejection),
    };
    let agreed = match agreed {
        Ok(agreed) => agreed,
        Err(rejection) => {
            let head_only = head.method() == "HEAD";
            let remote = source.remote;
            let refused = Refused { socket, remote, rejection, head_only };
            return Err(OpeningError::Rejected(Box::new(refused)));
        }
    };
    let mut response = Vec::with_capacity(256);
    if let Err(error) = agreed.response.write(&mut response) {
        let reason = format!("the request cannot be answered: {error}");
        return Err(reject(socket, &source, Rejection::bad_request(reason)));
    }
    let request = (head, source, agreed);
    establish(socket, read, response, request, (config, stop), deadline)
        .await
        .map(|(endpoint, peer)| Opened::WebSocket(endpoint, peer))
        .map_err(OpeningError::Failed)
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

fn reject(socket: Socket, source: &Source, rejection: Rejection) -> OpeningError {
    let remote = source.remote;
    OpeningError::Rejected(Box::new(Refused { socket, remote, rejection, head_only: false }))
}
