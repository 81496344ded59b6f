//! The opening handshake on a socket of our own.

mod agreement;
mod attempt;
mod begin;
mod behind_proxy;
mod establish;
mod io;
mod read_head;
mod read_until;
mod refuse;
mod secure;

use ws_core::HandshakeError;

#[cfg(feature = "tower")]
pub(crate) use agreement::{Agreed, Route, agree, route};
use attempt::{Answer, Attempt};
#[cfg(feature = "http2")]
use begin::Spoken;
#[cfg(feature = "tower")]
pub(crate) use behind_proxy::believe_forwarded;
#[cfg(feature = "tower")]
pub(crate) use establish::{TOO_LATE, finish};
use read_until::Gone;
pub(crate) use refuse::{Refused, serve_page};

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::peer::Peer;
#[cfg(feature = "http2")]
use crate::peer::Source;
use crate::policy::Content;
use crate::proxy::ProxyHeaderError;
use crate::runtime::alarm::Alarm;
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
    /// The server shuts down first.
    Shutdown,
}

/// Before its request, a peer that goes away has asked for nothing.
impl From<Gone> for OpeningError {
    fn from(_: Gone) -> OpeningError {
        OpeningError::Silent
    }
}

impl From<HandshakeError> for OpeningError {
    fn from(error: HandshakeError) -> OpeningError {
        OpeningError::Failed(error)
    }
}

/// Reads the request head, answers it, and does what its draft wants behind the heads, all
/// before one deadline; `alarm` keeps it, and is the connection's then.
///
/// Not an `async fn`, which would have room for its arguments twice.
pub(crate) fn open(
    socket: Socket,
    remote: RemoteAddr,
    config: &Config,
    content: Content,
    alarm: Alarm,
) -> impl Future<Output = Result<Opened, OpeningError>> + Send {
    let mut attempt = Attempt::new(remote, config, alarm);
    async move {
        let (socket, spoken) = attempt.begin(socket).await?;
        match spoken {
            #[cfg(feature = "http2")]
            Spoken::Http2 => return Ok(attempt.hand_over(socket)),
            // What is no HTTP/1 is told so in HTTP/1.
            _ => {}
        }
        let (mut socket, head) = attempt.read_head(socket).await?;
        match attempt.answer(head, content) {
            Answer::Page => Ok(Opened::Page(socket)),
            Answer::WebSocket(response, terms, peer) => {
                attempt.finish(&mut socket, response, terms.draft, &peer).await?;
                Ok(attempt.establish(socket, terms, peer))
            }
            Answer::Refusal(rejection, extent) => Err(attempt.refuse(socket, rejection, extent)),
        }
    }
}
