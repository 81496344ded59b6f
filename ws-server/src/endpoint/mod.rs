//! One end of a WebSocket connection over a socket: the I/O around [`ws_core::Connection`].

mod drive;
mod finish;
mod read;
mod send;
mod write;

use std::io;

use ws_core::{Batch, CodecBox, Connection, Limits, ProtocolError, Timeouts};

use self::finish::Finish;
pub(crate) use drive::{Incoming, ReadAhead};
pub(crate) use send::{SendProgress, is_long};

use crate::runtime::alarm::Alarm;
use crate::runtime::clock::now;
use crate::runtime::pool;

/// A connection after its opening handshake.
///
/// It reads only when everything received before is dealt with, and writes before it reads: the
/// answers to one read leave in one write.
///
/// The fields are in memory as they are declared here: those that each message uses are next to
/// each other, so that they share cache lines. With many connections, each of these lines is a
/// cache miss when the next message arrives.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Endpoint<IO> {
    // cold: but for its last field.
    alarm: Alarm,
    // hot: from here to `connection`.
    /// `None` once the connection has ended or was aborted, and never `Some` again.
    io: Option<IO>,
    /// Whether bytes were written that the transport may still buffer, as TLS does: set by a write,
    /// cleared when a flush has succeeded or the output has failed.
    unflushed: bool,
    /// Whether dropping the socket ends the stream in order, as a shutdown does. Only set before
    /// the connection is used.
    ends_by_drop: bool,
    /// How far the end is: [`Finish::AwaitClose`] until [`poll_end`](Endpoint::poll_end), the only
    /// one to change it.
    finish: Finish,
    connection: Connection,
    // cold: only used after an error.
    /// The first error of a write. What the peer has sent before can still be read; where that
    /// ends, the error is returned and this is `None` again.
    broken: Option<Box<io::Error>>,
}

impl<IO> Endpoint<IO> {
    /// An open connection. `received` are the bytes after the request head; `alarm` may have been
    /// that of the opening handshake.
    pub(crate) fn new(
        io: IO,
        codec: CodecBox,
        received: &[u8],
        limits: Limits,
        timeouts: Timeouts,
        alarm: Alarm,
    ) -> Endpoint<IO> {
        let connection = Connection::new(codec, received, limits, timeouts, now());
        let alarm = alarm.for_another_deadline();
        let io = Some(io);
        Endpoint {
            connection,
            io,
            unflushed: false,
            ends_by_drop: false,
            finish: Finish::AwaitClose,
            alarm,
            broken: None,
        }
    }
}

impl<IO> Endpoint<IO> {
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Drops the socket: the connection has ended.
    pub(crate) fn disconnect(&mut self) {
        self.io = None;
    }

    /// Aborts the connection: drops what was not sent, and the socket.
    pub(crate) fn cut(&mut self) {
        self.connection.abandon();
        self.disconnect();
    }

    /// From now on data is dropped, until the peer's Close arrives.
    pub(crate) fn discard_data(&mut self) {
        self.connection.discard_data();
    }

    #[inline]
    pub(super) fn borrow_storage(&mut self) {
        if !self.connection.has_storage() {
            self.connection.lend(pool::take_read());
        }
    }

    /// Returns the read buffer to the worker. Bytes that cannot be decoded yet, and the beginning
    /// of a message, are copied and stay with the connection.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidUtf8`] when the beginning of a text is not UTF-8; the violation is
    /// [held](Connection::hold_violation).
    #[inline]
    pub(crate) fn release(&mut self) -> Result<(), ProtocolError> {
        self.connection.reclaim().map(pool::give_read)
    }

    /// Reuses the memory of messages that were taken to receive the next ones, or returns it to the
    /// worker.
    #[inline]
    pub(crate) fn recycle(&mut self, batch: Batch) {
        if self.connection.has_storage() {
            pool::give_read(batch);
        } else if let Some(emptied) = pool::emptied(batch) {
            self.connection.lend(emptied);
        }
    }

    /// The peer broke the protocol after messages that the service has not taken yet.
    pub(crate) fn hold_violation(&mut self, error: ProtocolError) {
        self.connection.hold_violation(error);
    }

    /// Drops what was received and not taken, and returns the read buffer to the worker.
    pub(crate) fn discard_received(&mut self) {
        pool::give_read(self.connection.discard_received());
    }
}

/// Returns the buffers of the worker.
impl<IO> Drop for Endpoint<IO> {
    fn drop(&mut self) {
        self.discard_received();
        self.connection.discard_unsent();
        self.return_output();
    }
}

#[cfg(all(test, feature = "rfc6455"))]
mod tests;
