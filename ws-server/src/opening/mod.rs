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

use std::sync::Arc;

#[cfg(feature = "tower")]
pub(crate) use agreement::{Agreement, Route, agree, check, route};
#[cfg(feature = "http2")]
use begin::Spoken;
#[cfg(feature = "tower")]
pub(crate) use establish::{TOO_LATE, finish};
use handshake::{OpeningHandshake, Undecided};
pub(crate) use outcome::{Opened, OpeningError};
use refuse::BodyMode;
pub(crate) use refuse::serve_page;
#[cfg(feature = "tower")]
pub(crate) use refuse::{shutting_down, undecided};
#[cfg(feature = "tower")]
pub(crate) use trusted_proxy::believe_forwarded;

use crate::application::Application;
use crate::config::Config;
use crate::runtime::alarm::Alarm;
use crate::socket::{RemoteAddr, Socket};

/// Reads the request head, has the application decide, answers, and exchanges what the draft
/// requires after the heads, all under one deadline. `alarm` watches the deadline, and becomes the
/// connection's.
///
/// Not an `async fn`: that would store its arguments twice.
pub(crate) fn open(
    socket: Socket,
    remote: RemoteAddr,
    config: &Config,
    application: &Arc<dyn Application>,
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
        let extent = BodyMode::of_answer_to(&head);
        let request = match attempt.check(head) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(Opened::Page(socket)),
            Err(rejection) => return Err(attempt.refuse(socket, rejection, extent)),
        };
        let decision = attempt.decide(&mut socket, request, application).await;
        let agreed = decision.and_then(|accept| attempt.agree(accept).map_err(Undecided::Refused));
        let (agreement, response) = match agreed {
            Ok(agreed) => agreed,
            Err(Undecided::Refused(rejection)) => {
                return Err(attempt.refuse(socket, rejection, extent));
            }
            Err(Undecided::Left(error)) => return Err(OpeningError::Failed(error.into())),
        };
        let (draft, peer) = (agreement.terms.draft, &agreement.peer);
        let rest = attempt.finish(&mut socket, response, draft, peer).await?;
        Ok(attempt.establish(socket, rest, agreement))
    }
}
