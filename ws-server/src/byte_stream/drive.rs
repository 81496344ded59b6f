//! Running a service on a byte stream, and its connection with it.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::ByteStream;
use super::carriage::Carriage;
use super::state::StreamState;
use crate::endpoint::{Endpoint, Finish};
use crate::server::closing_reason;
use crate::shared::{Shared, Side};
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseReason, StatusCode};

/// Runs the service that `start` makes of a stream, drives the connection meanwhile, and
/// closes it in order when the service has dropped the stream.
pub(crate) async fn serve<IO, F>(
    endpoint: Box<Endpoint<IO>>,
    carriage: Carriage,
    start: impl FnOnce(ByteStream<IO>) -> F,
) -> io::Result<()>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = io::Result<()>>,
{
    let shared = Arc::new(Shared::new(StreamState::new(endpoint, carriage)));
    let outcome = run(&shared, start(ByteStream::new(shared.clone()))).await;
    shared.lock().close(closing_reason(&outcome));
    let mut finish = Finish::AwaitClose;
    poll_fn(|cx| shared.poll(Side::Driver, cx, |state, cx| state.poll_finish(cx, &mut finish)))
        .await;
    outcome
}

/// Polls the service, and the connection behind it, until the service is done and no stream
/// is left that another task may be using.
async fn run<IO: AsyncRead + AsyncWrite + Unpin>(
    shared: &Shared<StreamState<IO>>,
    service: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let mut service = pin!(service);
    let mut outcome = None;
    poll_fn(|cx| {
        if outcome.is_none()
            && let Poll::Ready(done) = service.as_mut().poll(cx)
        {
            outcome = Some(done);
        }
        shared.poll(Side::Driver, cx, |state, cx| {
            match (outcome.is_some(), state.dropped) {
                (true, true) => return Poll::Ready(()),
                (false, true) => state.close(CloseReason::new(StatusCode::NORMAL, "")),
                (_, false) => {}
            }
            state.drive(cx);
            Poll::Pending
        })
    })
    .await;
    outcome.unwrap_or(Ok(()))
}
