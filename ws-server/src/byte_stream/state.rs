//! What a byte stream and the task that drives its connection share.

use std::io;
use std::ops::Range;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::connection::{Data, Received};
use ws_core::{CloseReason, StatusCode};

use super::carriage::{Carriage, Packer, Unpacker};
use crate::endpoint::{Endpoint, Finish};
use crate::error::{RecvError, SendError};

/// A connection that carries bytes.
#[derive(Debug)]
pub(crate) struct StreamState<IO> {
    pub(super) endpoint: Box<Endpoint<IO>>,
    unpacker: Unpacker,
    packer: Packer,
    pub(super) piece: Piece,
    /// Unpacked bytes that lie in no read buffer.
    unpacked: Vec<u8>,
    pub(super) incoming: Incoming,
    /// Whether the service has dropped its stream.
    pub(super) dropped: bool,
}

/// The bytes that are next to be read.
#[derive(Debug)]
pub(super) enum Piece {
    /// In the read buffer.
    Buffered(Range<usize>),
    /// In `unpacked`.
    Unpacked(Range<usize>),
}

impl Piece {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Piece::Buffered(range) | Piece::Unpacked(range) => range.is_empty(),
        }
    }

    fn range(&mut self) -> &mut Range<usize> {
        match self {
            Piece::Buffered(range) | Piece::Unpacked(range) => range,
        }
    }
}

/// What becomes of the reading side.
#[derive(Debug)]
pub(super) enum Incoming {
    Open,
    /// It ended; the reader is told once if that was an error.
    Ended(Option<RecvError>),
}

impl<IO: AsyncRead + AsyncWrite + Unpin> StreamState<IO> {
    pub(crate) fn new(endpoint: Box<Endpoint<IO>>, carriage: Carriage) -> StreamState<IO> {
        let unpacker = Unpacker::new(carriage, endpoint.link.connection().capabilities());
        StreamState {
            endpoint,
            unpacker,
            packer: Packer::new(carriage),
            piece: Piece::Buffered(0..0),
            unpacked: Vec::new(),
            incoming: Incoming::Open,
            dropped: false,
        }
    }

    // ===== In =====

    /// Waits until [`bytes`](StreamState::bytes) has some; `false` at the end of the stream.
    pub(super) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.free_unpacked();
        loop {
            if !self.piece.is_empty() {
                return Poll::Ready(Ok(true));
            }
            if let Incoming::Ended(error) = &mut self.incoming {
                let error = error.take();
                // What answers the peer's Close leaves now, as far as the socket takes it.
                let _written = self.endpoint.link.poll_flush(cx);
                return Poll::Ready(error.map_or(Ok(false), |error| Err(error.into())));
            }
            let fragment = ready!(self.endpoint.poll_fragment(cx));
            self.take_fragment(fragment);
        }
    }

    /// Copies as many bytes as there are, waiting only for the first.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.endpoint.poll_turn(cx));
        if !ready!(self.poll_bytes(cx))? {
            return Poll::Ready(Ok(()));
        }
        while buf.remaining() > 0 {
            let bytes = self.bytes();
            let count = bytes.len().min(buf.remaining());
            buf.put_slice(&bytes[..count]);
            self.consume(count);
            if self.piece.is_empty() && !self.next_buffered() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The bytes that are next to be read.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.piece {
            Piece::Buffered(range) => self.endpoint.read.bytes(range.clone()),
            Piece::Unpacked(range) => &self.unpacked[range.clone()],
        }
    }

    pub(super) fn consume(&mut self, count: usize) {
        let range = self.piece.range();
        range.start = (range.start + count).min(range.end);
    }

    /// Goes on to the next bytes that were received already, if there are any.
    fn next_buffered(&mut self) -> bool {
        while matches!(self.incoming, Incoming::Open)
            && self.endpoint.has_unread()
            && !self.endpoint.owes_turn()
        {
            self.unpacked.clear();
            match self.endpoint.buffered_fragment() {
                Ok(Received::Starved) => return false,
                Ok(Received::Data(data)) => self.take_data(data),
                Ok(Received::Closed) => self.take_fragment(Ok(None)),
                Err(error) => self.take_fragment(Err(error.into())),
            }
            if !self.piece.is_empty() {
                return true;
            }
        }
        false
    }

    pub(super) fn take_fragment(&mut self, fragment: Result<Option<Data>, RecvError>) {
        let error = match fragment {
            Ok(Some(data)) => return self.take_data(data),
            Ok(None) | Err(RecvError::Disconnected { within_message: false }) => None,
            Err(error) => Some(error),
        };
        self.incoming = Incoming::Ended(error);
        self.endpoint.discard_received();
    }

    #[inline]
    fn take_data(&mut self, data: Data) {
        if self.unpacker.leaves(data.kind) && !data.payload.is_empty() {
            self.piece = Piece::Buffered(data.payload);
        } else {
            self.unpack(data);
        }
    }

    fn unpack(&mut self, data: Data) {
        let transformed = self.endpoint.take_transformed(&data);
        let payload = match &transformed {
            None => self.endpoint.read.bytes(data.payload.clone()),
            Some(payload) => payload,
        };
        match (self.unpacker.unpack(&data, payload, &mut self.unpacked), transformed) {
            (Ok(true), None) => self.piece = Piece::Buffered(data.payload),
            (Ok(true), Some(payload)) => {
                self.piece = Piece::Unpacked(0..payload.len());
                self.unpacked = payload;
            }
            (Ok(false), _) => self.piece = Piece::Unpacked(0..self.unpacked.len()),
            (Err(error), _) => {
                self.endpoint.link.fail(error);
                self.take_fragment(Err(error.into()));
            }
        }
    }

    /// Memory for unpacked bytes is held while there are some, not longer.
    pub(super) fn free_unpacked(&mut self) {
        if self.unpacked.capacity() > 0 && self.piece.is_empty() {
            self.unpacked = Vec::new();
        }
    }

    // ===== Out =====

    /// Takes bytes once there is room for some, and writes them as far as the socket takes
    /// them.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if self.endpoint.link.poll_room(cx)?.is_pending() {
            self.read_ahead(cx);
            return Poll::Pending;
        }
        let link = &mut self.endpoint.link;
        if !link.connection().is_open() {
            return Poll::Ready(Err(SendError::Closed.into()));
        }
        let count = bytes.len().min(self.packer.capacity(link.room()));
        self.packer.pack(&bytes[..count], |message| Ok(link.take(cx, message.into())?))?;
        if let Poll::Ready(Err(error)) = link.poll_flush(cx) {
            return Poll::Ready(Err(error.into()));
        }
        Poll::Ready(Ok(count))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(outcome) = self.endpoint.link.poll_flush(cx) {
            return Poll::Ready(outcome.map_err(io::Error::from));
        }
        self.read_ahead(cx);
        Poll::Pending
    }

    /// Begins the closing handshake, and waits until the Close is out.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let whole = self.packer.finish();
        if self.endpoint.link.connection().is_open() {
            self.endpoint.link.close(Some(CloseReason::new(StatusCode::NORMAL, "")));
            // Whoever else waits does so with the deadlines of an open connection.
            cx.waker().wake_by_ref();
        }
        ready!(self.poll_flush(cx))?;
        Poll::Ready(whole)
    }

    // ===== The end =====

    /// Begins the closing handshake, if it has not begun.
    pub(super) fn close(&mut self, reason: CloseReason) {
        self.endpoint.link.close(Some(reason));
    }

    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>, finish: &mut Finish) -> Poll<()> {
        self.endpoint.poll_finish(cx, finish)
    }
}
