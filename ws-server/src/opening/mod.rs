//! The opening handshake on a socket that this server has accepted.

mod agreement;
mod begin;
mod establish;
mod handshake;
mod io;
mod outcome;
mod read_head;
mod read_until;
mod received;
mod refuse;
mod secure;
mod trusted_proxy;

#[cfg(feature = "tower")]
pub(crate) use agreement::{Negotiated, Route, agree, route};
#[cfg(feature = "http2")]
use begin::Spoken;
#[cfg(feature = "tower")]
pub(crate) use establish::{TOO_LATE, finish};
use handshake::{Answer, OpeningHandshake};
pub(crate) use outcome::{Opened, OpeningError};
pub(crate) use refuse::serve_page;
#[cfg(feature = "tower")]
pub(crate) use trusted_proxy::believe_forwarded;

use crate::config::Config;
use crate::policy::Content;
use crate::runtime::alarm::Alarm;
use crate::socket::{RemoteAddr, Socket};

/// Reads the request head, answers it, and exchanges what its draft requires after the heads, all
/// under one deadline. `alarm` watches the deadline, and becomes the connection's.
///
/// Not an `async fn`: that would store its arguments twice.
pub(crate) fn open(
    socket: Socket,
    remote: RemoteAddr,
    config: &Config,
    content: Content,
    alarm: Alarm,
) -> impl Future<Output = Result<Opened, OpeningError>> + Send {
    let mut attempt = OpeningHandshake::new(remote, config, alarm);
    async move {
        let (socket, spoken) = attempt.begin(socket).await?;
        match spoken {
            #[cfg(feature = "http2")]
            Spoken::Http2 => return Ok(attempt.hand_over(socket)),
            // Anything else is read as HTTP/1, and refused in HTTP/1 if it is not.
            _ => {}
        }
        let (mut socket, head) = attempt.read_head(socket).await?;
        match attempt.answer(head, content) {
            Answer::Page => Ok(Opened::Page(socket)),
            Answer::WebSocket(response, terms, peer) => {
                let rest = attempt.finish(&mut socket, response, terms.draft, &peer).await?;
                Ok(attempt.establish(socket, rest, terms, peer))
            }
            Answer::Refusal(rejection, extent) => Err(attempt.refuse(socket, rejection, extent)),
        }
    }
}
