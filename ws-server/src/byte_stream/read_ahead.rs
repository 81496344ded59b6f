//! Reading ahead of the service, within a limit.

use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::connection::Untaken;

use super::piece::Piece;
use super::state::StreamState;
use crate::endpoint::{Endpoint, Incoming, ReadAhead};

impl<IO: AsyncRead + AsyncWrite + Unpin> StreamState<IO> {
    /// Copies what the service has not read out of the worker's buffer, so that a service that is
    /// busy elsewhere holds none.
    fn keep_piece(&mut self) {
        if let Piece::Buffered(range) = &self.piece {
            let bytes = self.endpoint.bytes(range.clone());
            self.decoded = bytes.to_vec();
            self.piece = Piece::Decoded(0..self.decoded.len());
        }
    }

    /// Reads one fragment ahead; `None` when the limit is reached.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        self.keep_piece();
        let unread = self.piece.range().len();
        if unread >= self.endpoint.connection().limits().read_ahead && unread > 0 {
            return None;
        }
        let untaken = if unread > 0 { Untaken::Some } else { self.given };
        let Poll::Ready(fragment) = self.endpoint.poll_fragment(cx, untaken) else {
            return Some(Poll::Pending);
        };
        let kept = std::mem::take(&mut self.decoded);
        let read = std::mem::replace(&mut self.piece, Piece::Decoded(0..0)).range().start;
        self.take_fragment(fragment);
        self.keep_piece();
        self.join(kept, read);
        Some(Poll::Ready(()))
    }

    /// Puts the unread rest of `kept`, of which `read` bytes were read, before the bytes that were
    /// received now.
    fn join(&mut self, mut kept: Vec<u8>, read: usize) {
        if read < kept.len() {
            kept.drain(..read);
            kept.append(&mut self.decoded);
            self.decoded = kept;
            self.piece = Piece::Decoded(0..self.decoded.len());
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> ReadAhead for StreamState<IO> {
    type Io = IO;

    fn endpoint(&mut self) -> &mut Endpoint<IO> {
        &mut self.endpoint
    }

    fn discard(&mut self) {
        StreamState::discard(self);
    }

    fn has_ended(&self) -> bool {
        matches!(self.incoming, Incoming::Ended(_))
    }

    fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        match self.incoming {
            Incoming::Ended(_) => None,
            Incoming::Dropped => Some(self.poll_dropped(cx)),
            Incoming::Open => self.poll_more(cx),
        }
    }
}
