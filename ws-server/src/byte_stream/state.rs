//! A connection that carries bytes, as its handle and the task that drives it share it.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::connection::{Payload, Received, ReceivedFragment, Untaken};
use ws_core::{CloseCode, CloseReason, Outgoing};

use super::encoding::{DecodedPayload, Encoding, PayloadDecoder, PayloadEncoder};
use super::piece::Piece;
use crate::endpoint::{Endpoint, Incoming};
use crate::error::RecvError;
use crate::runtime::view::View;

/// A connection that carries bytes.
#[derive(Debug)]
pub(crate) struct StreamState<IO> {
    pub(super) endpoint: Endpoint<IO>,
    pub(super) decoder: PayloadDecoder,
    pub(super) encoder: PayloadEncoder,
    /// The bytes that are next to be read; they are returned before the end or error of `incoming`.
    /// Always empty while that is [`Incoming::Dropped`].
    pub(super) piece: Piece,
    /// The bytes of [`Piece::Decoded`]; always empty while `piece` is [`Piece::Buffered`].
    pub(super) decoded: Vec<u8>,
    /// Whether the service may still be busy with the bytes read last: [`Untaken::Some`] from a
    /// [`poll_bytes`](StreamState::poll_bytes) that had bytes until the next that has none left, or
    /// until they are discarded.
    pub(super) given: Untaken,
    pub(super) incoming: Incoming,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> StreamState<IO> {
    pub(super) fn new(endpoint: Endpoint<IO>, encoding: Encoding) -> StreamState<IO> {
        let decoder = PayloadDecoder::new(encoding, endpoint.connection().capabilities());
        StreamState {
            endpoint,
            decoder,
            encoder: PayloadEncoder::new(encoding),
            piece: Piece::Buffered(0..0),
            decoded: Vec::new(),
            given: Untaken::Nothing,
            incoming: Incoming::Open,
        }
    }

    // ===== Input =====

    /// Waits until [`bytes`](StreamState::bytes) are not empty; `false` at the end of the stream.
    ///
    /// # Errors
    /// A [`RecvError`], once; then the end of the stream.
    pub(super) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            if !self.piece.is_empty() {
                self.given = Untaken::Some;
                return Poll::Ready(Ok(true));
            }
            self.forget_piece();
            match &mut self.incoming {
                Incoming::Open => {
                    let fragment = ready!(self.endpoint.poll_fragment(cx, Untaken::Nothing));
                    self.take_fragment(fragment);
                }
                Incoming::Dropped => ready!(self.poll_dropped(cx)),
                Incoming::Ended(error) => {
                    let error = error.take();
                    // The answer to the peer's Close is written now, as far as possible.
                    let _written = self.endpoint.poll_flush(cx);
                    return Poll::Ready(error.map_or(Ok(false), |error| Err(error.into())));
                }
            }
        }
    }

    /// Drops what is received, until the end of the connection.
    pub(super) fn poll_dropped(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match ready!(self.endpoint.poll_fragment(cx, Untaken::Nothing)) {
                Ok(Some(_)) => {}
                end => {
                    self.take_fragment(end);
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Copies the bytes that were received, as many as `buf` has room for. Waits only if there are
    /// none.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.endpoint.poll_budget(cx));
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
            Piece::Buffered(range) => self.endpoint.bytes(range.clone()),
            Piece::Decoded(range) => &self.decoded[range.clone()],
        }
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.piece.consume(count);
    }

    /// Moves on to the next bytes already received. Returns whether there are any.
    fn next_buffered(&mut self) -> bool {
        while matches!(self.incoming, Incoming::Open)
            && self.endpoint.has_unread()
            && !self.endpoint.has_worked()
        {
            self.decoded.clear();
            match self.endpoint.buffered_fragment(Untaken::Some) {
                Ok(Received::Data(fragment)) => self.decode(fragment),
                Ok(Received::Closed) => self.take_fragment(Ok(None)),
                Ok(_) => return false,
                Err(error) => self.take_fragment(Err(error.into())),
            }
            if !self.piece.is_empty() {
                return true;
            }
        }
        false
    }

    pub(super) fn take_fragment(&mut self, fragment: Result<Option<ReceivedFragment>, RecvError>) {
        let error = match fragment {
            Ok(Some(fragment)) => return self.decode(fragment),
            Ok(None) | Err(RecvError::Disconnected { within_message: false }) => None,
            Err(error) => Some(error),
        };
        self.incoming = Incoming::Ended(error);
        self.endpoint.discard_received();
    }

    fn decode(&mut self, fragment: ReceivedFragment) {
        let payload = match &fragment.payload {
            Payload::Stored(range) => self.endpoint.bytes(range.clone()),
            Payload::Made(payload) => payload,
        };
        let decoded = self.decoder.decode(&fragment, payload, &mut self.decoded);
        match (decoded, fragment.payload) {
            (Ok(DecodedPayload::Unchanged), Payload::Stored(range)) => {
                self.piece = Piece::Buffered(range);
            }
            (Ok(DecodedPayload::Unchanged), Payload::Made(payload)) => {
                self.piece = Piece::Decoded(0..payload.len());
                self.decoded = payload;
            }
            (Ok(DecodedPayload::Appended), _) => self.piece = Piece::Decoded(0..self.decoded.len()),
            (Err(error), _) => {
                self.decoded.clear();
                self.endpoint.fail(error);
                self.take_fragment(Err(error.into()));
            }
        }
    }

    // ===== Output =====

    /// Waits for room in the send buffer, takes as many bytes as there is room for, and writes them
    /// as far as the socket accepts them.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.endpoint.poll_budget(cx));
        ready!(self.endpoint.poll_room(cx))?;
        let endpoint = &mut self.endpoint;
        let count = bytes.len().min(self.encoder.capacity(endpoint.room()));
        self.encoder
            .encode(&bytes[..count], |message| Ok(endpoint.take(cx, Outgoing::new(message))?))?;
        if let Poll::Ready(Err(error)) = endpoint.poll_flush(cx) {
            return Poll::Ready(Err(error.into()));
        }
        Poll::Ready(Ok(count))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.endpoint.poll_flush(cx).map_err(io::Error::from)
    }

    /// Begins the closing handshake with status 1000, and waits until the Close is written.
    ///
    /// # Errors
    /// `InvalidData` when the encoding is text and the stream ends within a character; and those of
    /// a flush.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let whole = self.encoder.finish();
        self.close(CloseReason::new(CloseCode::NORMAL, ""));
        ready!(self.poll_flush(cx))?;
        Poll::Ready(whole)
    }
}

impl<IO> StreamState<IO> {
    /// The connection itself.
    pub(super) fn endpoint(&mut self) -> &mut Endpoint<IO> {
        &mut self.endpoint
    }

    /// Begins the closing handshake, if it has not begun.
    pub(super) fn close(&mut self, reason: CloseReason) {
        self.endpoint.close(Some(reason));
    }

    /// Drops the bytes not read, and all further ones.
    pub(super) fn discard(&mut self) {
        if let Incoming::Open = self.incoming {
            self.incoming = Incoming::Dropped;
            self.endpoint.discard_data();
        }
        self.forget_piece();
    }

    /// The service is done with what was read: frees its memory.
    fn forget_piece(&mut self) {
        self.given = Untaken::Nothing;
        (self.piece, self.decoded) = (Piece::Decoded(0..0), Vec::new());
    }
}

impl<IO> View for StreamState<IO> {
    #[inline]
    fn is_closed(&self) -> bool {
        !self.endpoint.connection().is_open()
    }

    fn cut(&mut self) {
        self.endpoint.cut();
    }
}
