//! A service, and its connection alongside.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use ws_core::{CloseReason, StatusCode};

/// Polls a service and what keeps its connection going, and is done when both are.
///
/// `poll_connection` is told the service's outcome once there is one. It is dropped when it is
/// done, and the socket with it: a connection that has ended waits for nothing that its service
/// does afterwards.
pub(crate) async fn serve_alongside(
    service: impl Future<Output = io::Result<()>>,
    poll_connection: impl FnMut(&mut Context<'_>, Option<&io::Result<()>>) -> Poll<()>,
) -> io::Result<()> {
    let mut service = pin!(service);
    let mut connection = Some(poll_connection);
    let mut outcome = None;
    poll_fn(|cx| {
        if outcome.is_none()
            && let Poll::Ready(done) = service.as_mut().poll(cx)
        {
            outcome = Some(done);
        }
        if let Some(poll_connection) = &mut connection
            && poll_connection(cx, outcome.as_ref()).is_ready()
        {
            connection = None;
        }
        match outcome.take() {
            Some(done) if connection.is_none() => Poll::Ready(done),
            running => {
                outcome = running;
                Poll::Pending
            }
        }
    })
    .await
}

/// What the peer is told when the service has let go of its connection.
pub(crate) fn closing_reason(outcome: Option<&io::Result<()>>) -> CloseReason {
    let code = match outcome {
        Some(Err(_)) => StatusCode::INTERNAL_ERROR,
        Some(Ok(())) | None => StatusCode::NORMAL,
    };
    CloseReason::new(code, "")
}
