//! One end of a WebSocket connection over a socket: the I/O around [`ws_core::Connection`].

mod feed;
mod finish;
mod link;
mod long_message;

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use ws_core::buffer::ReadBuffer;
use ws_core::connection::{Data, Received};
use ws_core::message::Assembler;
use ws_core::{Codec, Connection, Limits, ProtocolError, Timeouts};

pub(crate) use finish::Finish;
pub(crate) use link::Link;

use crate::alarm::Alarm;
use crate::error::RecvError;
use crate::{pool, turn};

/// A connection after its opening handshake.
///
/// It reads only when everything received before is dealt with, and writes before it reads:
/// whatever one read brought is answered in one write.
///
/// In memory, what each message needs lies together, in this struct and those it is made of: with
/// many connections, each line of it comes from afar whenever the next message does.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Endpoint<IO> {
    /// How many reads the work of an extension is worth, since a turn was asked for.
    owed: usize,
    pub(crate) assembler: Assembler,
    pub(crate) read: ReadBuffer,
    pub(crate) link: Link<IO>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// An open connection; `read` holds what came behind the request head, and `alarm` may have
    /// been its opening handshake's.
    pub(crate) fn new(
        io: IO,
        read: ReadBuffer,
        codec: Box<dyn Codec>,
        limits: Limits,
        timeouts: Timeouts,
        alarm: Alarm,
    ) -> Endpoint<IO> {
        let connection = Connection::new(codec, limits, timeouts, Instant::now().into_std());
        let assembler = Assembler::new(limits.message, connection.capabilities().invalid_text);
        Endpoint { link: Link::new(io, connection, alarm), read, assembler, owed: 0 }
    }

    /// The next fragment of a message. `None` when the connection has ended in the way of its
    /// draft.
    #[inline]
    pub(crate) fn poll_fragment(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Data>, RecvError>> {
        ready!(self.poll_turn(cx));
        loop {
            match self.buffered_fragment()? {
                Received::Data(data) => return Poll::Ready(Ok(Some(data))),
                Received::Closed => return Poll::Ready(self.end_of_handshake().map(|()| None)),
                Received::Starved => {}
            }
            if let Input::End = ready!(self.poll_input(cx))? {
                return Poll::Ready(self.end_of_stream().map(|()| None));
            }
        }
    }

    /// Waits until the assembler holds a whole message; `false` at the end of the connection.
    #[inline]
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, RecvError>> {
        if self.assembler.is_complete() {
            self.assembler.reset();
        }
        loop {
            ready!(self.poll_turn(cx));
            match self.buffered_fragment()? {
                Received::Data(data) => {
                    let transformed = self.take_transformed(&data);
                    let Endpoint { link, read, assembler, .. } = self;
                    let pushed = match transformed {
                        None => assembler.push(&data, read),
                        Some(payload) => assembler.push_transformed(&data, &payload, read),
                    };
                    if pushed.inspect_err(|error| link.fail(*error))? {
                        return Poll::Ready(Ok(true));
                    }
                }
                Received::Closed => return Poll::Ready(self.end_of_handshake().map(|()| false)),
                Received::Starved => match ready!(self.poll_input(cx))? {
                    Input::Bytes => {}
                    Input::Message => return Poll::Ready(Ok(true)),
                    Input::End => return Poll::Ready(self.end_of_stream().map(|()| false)),
                },
            }
        }
    }

    /// The next fragment of what was read already.
    #[inline(always)]
    pub(crate) fn buffered_fragment(&mut self) -> Result<Received, ProtocolError> {
        if !self.read.has_storage() {
            if self.read.is_empty() {
                let over = self.link.connection.is_over();
                return Ok(if over { Received::Closed } else { Received::Starved });
            }
            self.lend_storage();
        }
        self.link.borrow_output();
        self.link.connection.receive(&mut self.read, &mut self.link.output)
    }

    #[inline(never)]
    fn lend_storage(&mut self) {
        self.read.lend(pool::take_read());
    }

    /// The payload of a fragment that was just received, if an extension has made another of the
    /// one in the read buffer.
    #[inline]
    pub(crate) fn take_transformed(&mut self, data: &Data) -> Option<Vec<u8>> {
        if !data.payload.is_empty() {
            return None;
        }
        let transformed = self.link.connection.take_transformed()?;
        self.owed += turn::transformed(transformed.wire, transformed.payload.len());
        Some(transformed.payload)
    }

    /// Whether an extension has worked since the last [`poll_turn`](Endpoint::poll_turn).
    pub(crate) fn owes_turn(&self) -> bool {
        self.owed > 0
    }

    /// Lets other tasks have their turn now and then, while an extension has work and no read has
    /// to wait for bytes.
    #[inline]
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.owes_turn() {
            turn::charge(cx, std::mem::take(&mut self.owed));
            ready!(turn::poll_continue(cx));
        }
        Poll::Ready(())
    }

    /// Whether bytes were read that are not decoded.
    pub(crate) fn has_unread(&self) -> bool {
        !self.read.is_empty()
    }

    /// Reads from the socket, once what waits to be sent is written as far as possible.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<Input, RecvError>> {
        loop {
            // First, so that a peer that never pauses cannot keep it from being asked.
            if let Poll::Ready(outcome) = self.link.poll_alarm(cx) {
                outcome.map_err(RecvError::Expired)?;
                if self.link.connection.is_over() {
                    return Poll::Ready(Ok(Input::Bytes));
                }
                continue;
            }
            if let Poll::Ready(Err(error)) = self.link.poll_write_out(cx) {
                self.link.broken(error);
            }
            let ended = match self.poll_bytes(cx)? {
                Poll::Ready(Ok((0, _))) => match self.link.take_broken() {
                    Some(error) => Err(RecvError::Io(error)),
                    None => Ok(Input::End),
                },
                Poll::Ready(Ok((_, input))) => {
                    self.link.connection.heard(&self.link.output);
                    return Poll::Ready(Ok(input));
                }
                // TLS says so of an end without a word.
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    Ok(Input::End)
                }
                Poll::Ready(Err(error)) => Err(RecvError::Io(error)),
                Poll::Pending => {
                    self.release()?;
                    return Poll::Pending;
                }
            };
            self.link.connection.end_input();
            return Poll::Ready(ended);
        }
    }

    /// Reads to where the next bytes belong.
    #[inline]
    fn poll_bytes(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Result<Poll<io::Result<(usize, Input)>>, ProtocolError> {
        if turn::poll_continue(cx).is_pending() {
            return Ok(Poll::Pending);
        }
        if let Some(read) = self.poll_long_message(cx)? {
            return Ok(read);
        }
        self.make_room()?;
        Ok(self.poll_read(cx).map_ok(|count| (count, Input::Bytes)))
    }

    /// Reads into the worker's buffer.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut spare = ReadBuf::new(self.read.spare());
        ready!(Pin::new(&mut self.link.io).poll_read(cx, &mut spare))?;
        let count = spare.filled().len();
        turn::charge_frames(cx, count);
        self.read.filled(count);
        Poll::Ready(Ok(count))
    }

    /// Makes sure that there is space to read into.
    fn make_room(&mut self) -> Result<(), ProtocolError> {
        if self.read.is_parked() {
            // What is undecoded by now is the beginning of a frame.
            drop(self.read.reclaim());
        }
        if !self.read.has_storage() {
            self.read.lend(pool::take_read());
        } else if !self.assembler.is_buffered() {
            self.read.compact();
        } else if self.read.spare().is_empty() {
            self.own_message()?;
            self.read.compact();
        }
        Ok(())
    }

    /// Gives the read buffer back to the worker. Only what cannot be decoded yet, and the
    /// beginning of a message, stay with the connection.
    pub(crate) fn release(&mut self) -> Result<(), ProtocolError> {
        if self.read.has_storage() {
            self.own_message()?;
            pool::give_read(self.read.reclaim());
        }
        Ok(())
    }

    fn own_message(&mut self) -> Result<(), ProtocolError> {
        let Endpoint { link, read, assembler, .. } = self;
        assembler.own(read).inspect_err(|error| link.fail(*error))
    }

    /// The end that the closing handshake, or a deadline, has made.
    fn end_of_handshake(&self) -> Result<(), RecvError> {
        let connection = &self.link.connection;
        match connection.expired() {
            Some(expired) if !connection.is_closed_cleanly() => Err(RecvError::Expired(expired)),
            _ => Ok(()),
        }
    }

    fn end_of_stream(&mut self) -> Result<(), RecvError> {
        let connection = &self.link.connection;
        if !connection.capabilities().close {
            return Ok(());
        }
        let within = self.has_unread() || connection.is_within_message();
        Err(RecvError::Disconnected { within_message: within })
    }
}

impl<IO> Endpoint<IO> {
    /// Drops what was received, for nobody takes it any more, and gives the read buffer back.
    pub(crate) fn discard_received(&mut self) {
        self.assembler.reset();
        self.read.discard();
        if self.read.has_storage() {
            pool::give_read(self.read.reclaim());
        }
    }
}

/// A connection that ends gives back what it has of the worker's.
impl<IO> Drop for Endpoint<IO> {
    fn drop(&mut self) {
        self.discard_received();
    }
}

enum Input {
    /// Bytes to decode.
    Bytes,
    /// The rest of a message, decoded.
    Message,
    End,
}

#[cfg(all(test, feature = "rfc6455"))]
mod tests;
