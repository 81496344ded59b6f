//! The end of a connection: the closing handshake, and an orderly end of the TCP connection
//! (RFC 6455 §7.1.1).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::connection::Untaken;

use super::Endpoint;
use crate::runtime::{budget, pool};

/// The step of the end that a connection has reached. Only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// The peer's Close is awaited; data that it still sends is dropped.
    AwaitClose,
    /// What waits to be sent is written.
    Send,
    /// The socket is shut down for writing.
    ShutDown,
    /// What the peer still sends is read and dropped: closing a socket with unread bytes
    /// resets the connection, and our Close could be lost.
    Drain,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// Ends the connection; the closing handshake must have begun. If the peer keeps its side open,
    /// the connection is aborted at the closing deadline.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.poll_steps(cx).is_pending() {
            // Not before the steps: most connections end in them at once, and need no timer.
            let _rung = ready!(self.poll_alarm(cx));
        }
        Poll::Ready(())
    }

    fn poll_steps(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A step may itself find that the deadline has passed; nothing would wake the next one.
        while self.connection.expired().is_none() {
            self.finish = match self.finish {
                // A protocol error of the peer is reported to the service when it receives.
                Finish::AwaitClose if self.connection.is_over() => Finish::Send,
                Finish::AwaitClose => {
                    // The rest of a message and all further ones are dropped.
                    self.connection.discard_data();
                    match ready!(self.poll_fragment(cx, Untaken::Nothing)) {
                        Ok(Some(_)) => Finish::AwaitClose,
                        Ok(None) | Err(_) => Finish::Send,
                    }
                }
                Finish::Send => {
                    self.discard_received();
                    match ready!(self.poll_write_out(cx)) {
                        // The sender is still writing a long message: it continues, or has the rest
                        // copied. Either wakes the driver, which polls this again.
                        Ok(()) if self.connection.is_within_sent_message() => return Poll::Pending,
                        Ok(()) if self.may_be_dropped() => return Poll::Ready(()),
                        Ok(()) => Finish::ShutDown,
                        Err(_) => return Poll::Ready(()),
                    }
                }
                Finish::ShutDown => match ready!(self.poll_shutdown(cx)) {
                    Ok(()) if !self.connection.has_input_ended() => Finish::Drain,
                    Ok(()) | Err(_) => return Poll::Ready(()),
                },
                Finish::Drain => return self.poll_drain(cx),
            }
        }
        Poll::Ready(())
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Some(io) => Pin::new(io).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(io) = &mut self.io else {
            return Poll::Ready(());
        };
        let mut storage = pool::take_send();
        let outcome = loop {
            if budget::poll_continue(cx).is_pending() {
                break Poll::Pending;
            }
            let mut bytes = ReadBuf::uninit(storage.spare_capacity_mut());
            match Pin::new(&mut *io).poll_read(cx, &mut bytes) {
                Poll::Ready(Ok(())) if !bytes.filled().is_empty() => {
                    budget::charge_frames(cx, bytes.filled().len());
                }
                Poll::Ready(_) => break Poll::Ready(()),
                Poll::Pending => break Poll::Pending,
            }
        };
        pool::give_send(storage);
        outcome
    }
}
