//! Running a service on a byte stream, and its connection with it.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

use super::ByteStream;
use super::carriage::Carriage;
use super::state::{Incoming, Piece, StreamState};
use crate::alongside::{closing_reason, serve_alongside};
use crate::endpoint::{Endpoint, Finish};
use crate::error::RecvError;
use crate::peer::Peer;
use crate::pool;
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

impl<IO: AsyncRead + AsyncWrite + Unpin> StreamState<IO> {
    /// Does for the connection what its service does not while it is busy elsewhere: answers
    /// pings, sends what waits, keeps deadlines, and gives the read buffer back.
    fn drive(&mut self, cx: &mut Context<'_>) {
        self.park();
        self.read_ahead(cx);
        self.park();
    }

    /// Reads on as long as the peer sends no data, so that pings are answered and a Close is
    /// noticed while the service only writes. Data waits for its reader, unread.
    pub(super) fn read_ahead(&mut self, cx: &mut Context<'_>) {
        while self.piece.is_empty() && matches!(self.incoming, Incoming::Open) {
            self.free_unpacked();
            let Poll::Ready(fragment) = self.endpoint.poll_fragment(cx) else {
                return;
            };
            self.take_fragment(fragment);
            // A reader that waits has not seen this.
            cx.waker().wake_by_ref();
        }
        // Nothing is read now, but what waits is sent and deadlines count.
        if !self.piece.is_empty() {
            self.endpoint.link.not_listening();
        }
        let _flushed = self.endpoint.link.poll_flush(cx);
        self.keep_time(cx);
    }

    fn keep_time(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(outcome) = self.endpoint.link.poll_alarm(cx) {
            if let Err(expired) = outcome {
                if matches!(self.incoming, Incoming::Open) {
                    self.incoming = Incoming::Ended(Some(RecvError::Expired(expired)));
                }
                cx.waker().wake_by_ref();
                return;
            }
            let _flushed = self.endpoint.link.poll_flush(cx);
        }
    }

    /// Moves what the service has not read out of the worker's buffer, so that a service that
    /// is busy elsewhere keeps none.
    fn park(&mut self) {
        let read = &mut self.endpoint.read;
        let from = match &self.piece {
            Piece::Buffered(range) if !range.is_empty() => range.start,
            _ => read.position(),
        };
        let Some(storage) = read.park(from) else { return };
        pool::give_read(storage);
        if let Piece::Buffered(range) = &mut self.piece {
            *range = 0..range.len();
        }
    }
}
