//! The end of a connection: the closing handshake, and an orderly end of TCP.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::ProtocolError;

use super::{Endpoint, Link};
use crate::{pool, turn};

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The peer's Close is awaited; what it still sends is dropped.
    AwaitClose,
    /// What waits is sent.
    Send,
    /// The socket is shut down for writing.
    ShutDown,
    /// What the peer still sends is read and dropped: closing a socket with unread bytes
    /// resets the connection, and could destroy our Close on its way.
    Drain,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// Ends the connection from the step in `finish` on; the closing handshake must have begun.
    /// A peer that keeps its end open is cut at the closing deadline.
    pub(crate) fn poll_finish(&mut self, cx: &mut Context<'_>, finish: &mut Finish) -> Poll<()> {
        while self.poll_steps(cx, finish).is_pending() {
            // Not before: most connections have ended by now, and need no deadline for it.
            let _rung = ready!(self.link.poll_alarm(cx));
        }
        Poll::Ready(())
    }

    fn poll_steps(&mut self, cx: &mut Context<'_>, finish: &mut Finish) -> Poll<()> {
        // A step may find that the deadline has passed, and nobody would wake the next one.
        while self.link.connection.expired().is_none() {
            *finish = match *finish {
                Finish::AwaitClose => {
                    // Nobody takes a message that has begun, or one that begins.
                    self.assembler.reset();
                    self.link.connection.discard_data();
                    match ready!(self.poll_fragment(cx)) {
                        Ok(Some(_)) => Finish::AwaitClose,
                        Ok(None) | Err(_) => Finish::Send,
                    }
                }
                Finish::Send => {
                    self.discard_received();
                    match ready!(self.link.poll_write_out(cx)) {
                        Ok(()) if self.link.may_be_dropped() => return Poll::Ready(()),
                        Ok(()) => Finish::ShutDown,
                        Err(_) => return Poll::Ready(()),
                    }
                }
                Finish::ShutDown => match ready!(Pin::new(&mut self.link.io).poll_shutdown(cx)) {
                    Ok(()) if !self.link.connection.has_input_ended() => Finish::Drain,
                    Ok(()) | Err(_) => return Poll::Ready(()),
                },
                Finish::Drain => return self.poll_drain(cx),
            }
        }
        Poll::Ready(())
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut storage = pool::take_read();
        let outcome = loop {
            if turn::poll_continue(cx).is_pending() {
                break Poll::Pending;
            }
            let mut bytes = ReadBuf::new(&mut storage);
            match Pin::new(&mut self.link.io).poll_read(cx, &mut bytes) {
                Poll::Ready(Ok(())) if !bytes.filled().is_empty() => {
                    turn::charge_frames(cx, bytes.filled().len());
                }
                Poll::Ready(_) => break Poll::Ready(()),
                Poll::Pending => break Poll::Pending,
            }
        };
        pool::give_read(storage);
        outcome
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Link<IO> {
    /// Fails the connection because the peer broke the protocol.
    pub(crate) fn fail(&mut self, error: ProtocolError) {
        self.borrow_output();
        self.connection.fail(error, &mut self.output);
    }
}
