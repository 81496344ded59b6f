//! The end of a connection: the closing handshake, and an orderly end of TCP.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::connection::Untaken;

use super::Endpoint;
use crate::runtime::{budget, pool};

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
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
    /// Ends the connection; the closing handshake must have begun. A peer that keeps its end open
    /// is cut at the closing deadline.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.poll_steps(cx).is_pending() {
            // Not before: most connections have ended by now, and need no deadline for it.
            let _rung = ready!(self.poll_alarm(cx));
        }
        Poll::Ready(())
    }

    fn poll_steps(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A step may find that the deadline has passed, and nobody would wake the next one.
        while self.connection.expired().is_none() {
            self.finish = match self.finish {
                // How the peer broke the protocol is for whoever receives.
                Finish::AwaitClose if self.connection.is_over() => Finish::Send,
                Finish::AwaitClose => {
                    // Nobody takes a message that has begun, or one that begins.
                    self.connection.discard_data();
                    match ready!(self.poll_fragment(cx, Untaken::Nothing)) {
                        Ok(Some(_)) => Finish::AwaitClose,
                        Ok(None) | Err(_) => Finish::Send,
                    }
                }
                Finish::Send => {
                    self.discard_received();
                    match ready!(self.poll_write_out(cx)) {
                        // Whoever sends it goes on, or gives the rest; then this is asked again.
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
