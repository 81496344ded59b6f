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
/// It reads only when everything received before is dealt with, and writes before it reads:
/// whatever one read brought is answered in one write.
///
/// In memory, what each message needs lies together: with many connections, each line of it is a
/// cache miss whenever the next message comes.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Endpoint<IO> {
    alarm: Alarm,
    /// Until the connection has ended.
    io: Option<IO>,
    /// Bytes were written that the transport may still hold back, as TLS does.
    unflushed: bool,
    /// Whether a drop of the socket is the end of the stream, as a shutdown is.
    ends_by_drop: bool,
    /// How far it is with its end.
    finish: Finish,
    connection: Connection,
    /// The socket takes no more for this reason; what the peer has sent before can be read.
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

    /// Drops the socket, for the connection has ended.
    pub(crate) fn disconnect(&mut self) {
        self.io = None;
    }

    /// Drops the socket, whatever is under way.
    pub(crate) fn cut(&mut self) {
        self.connection.abandon();
        self.disconnect();
    }

    /// Nobody takes data any more, until the peer's Close comes.
    pub(crate) fn discard_data(&mut self) {
        self.connection.discard_data();
    }

    #[inline]
    pub(super) fn borrow_storage(&mut self) {
        if !self.connection.has_storage() {
            self.connection.lend(pool::take_read());
        }
    }

    /// Gives the read buffer back to the worker. Only what cannot be decoded yet, and the
    /// beginning of a message, stay with the connection.
    #[inline]
    pub(crate) fn release(&mut self) -> Result<(), ProtocolError> {
        self.connection.reclaim().map(pool::give_read)
    }

    /// Uses the memory of messages that were taken for those that come next.
    #[inline]
    pub(crate) fn recycle(&mut self, batch: Batch) {
        if self.connection.has_storage() {
            pool::give_read(batch);
        } else if let Some(emptied) = pool::emptied(batch) {
            self.connection.lend(emptied);
        }
    }

    /// The peer broke the protocol behind messages that are still to be taken.
    pub(crate) fn hold_violation(&mut self, error: ProtocolError) {
        self.connection.hold_violation(error);
    }

    /// Drops what was received, for nobody takes it any more, and gives the read buffer back.
    pub(crate) fn discard_received(&mut self) {
        pool::give_read(self.connection.discard_received());
    }
}

/// A connection that ends gives back what it has of the worker's.
impl<IO> Drop for Endpoint<IO> {
    fn drop(&mut self) {
        self.discard_received();
        self.connection.discard_unsent();
        self.return_output();
    }
}

#[cfg(all(test, feature = "rfc6455"))]
mod tests;
