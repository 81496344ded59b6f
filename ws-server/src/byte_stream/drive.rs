//! Running a service on a byte stream, and its connection with it.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWrite};

use super::ByteStream;
use super::carriage::Carriage;
use super::state::StreamState;
use crate::alongside::{closing_reason, serve_alongside};
use crate::endpoint::{Endpoint, Finish};
use crate::service::Peer;
use crate::shared::{Shared, Side};

/// Runs the service that `start` makes of a stream and drives the connection meanwhile, also
/// while another task has the stream. Once the stream is dropped, the connection is closed in
/// order.
pub(crate) fn serve<IO, F>(
    endpoint: Box<Endpoint<IO>>,
    peer: Peer,
    start: impl FnOnce(ByteStream<IO>, Peer) -> F,
) -> impl Future<Output = io::Result<()>>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = io::Result<()>>,
{
    let capabilities = endpoint.link.connection().capabilities();
    let carriage = Carriage::choose(peer.subprotocol(), capabilities);
    let shared = Arc::new(Shared::new(StreamState::new(endpoint, carriage)));
    let service = start(ByteStream::new(shared.clone()), peer);
    let mut finish = Finish::AwaitClose;
    serve_alongside(service, move |cx, outcome| {
        shared.poll(Side::Driver, cx, |state, cx| {
            if !state.dropped {
                if !shared.is_quiet() {
                    state.drive(cx);
                }
                return Poll::Pending;
            }
            state.close(closing_reason(outcome));
            state.poll_finish(cx, &mut finish)
        })
    })
}
