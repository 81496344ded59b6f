//! Long messages of bytes are read straight into their own memory.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use ws_core::ProtocolError;

use super::{Endpoint, Input};

/// From so many bytes on that are still to come of a frame, it pays.
const LONG_REST: u64 = 64 * 1024;

/// Where the next bytes are read to.
pub(super) enum Destination {
    /// The worker's read buffer.
    Buffer,
    /// The message that they belong to.
    Message,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// Decides where the next bytes are read to, and makes room for them there.
    pub(super) fn take_long_message(&mut self) -> Result<Destination, ProtocolError> {
        let rest = self.link.connection.remaining();
        if rest < LONG_REST || !self.assembler.has_begun() || self.has_unread() {
            self.make_room()?;
            return Ok(Destination::Buffer);
        }
        self.release()?;
        let Some(message) = self.assembler.appendable() else {
            self.make_room()?;
            return Ok(Destination::Buffer);
        };
        if message.len() == message.capacity() {
            // Memory follows what has arrived, not what is announced.
            let arrived = message.len().max(LONG_REST as usize);
            message.reserve_exact(usize::try_from(rest).map_or(arrived, |rest| rest.min(arrived)));
        }
        Ok(Destination::Message)
    }

    /// Reads payload into the message that it belongs to, and decodes it there.
    pub(super) fn poll_read_message(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Result<Poll<io::Result<(usize, Input)>>, ProtocolError> {
        let Endpoint { link, assembler, .. } = self;
        let rest = link.connection.remaining();
        let Some(message) = assembler.appendable() else {
            return Ok(Poll::Pending);
        };
        let begin = message.len();
        // A read that is pending has put nothing anywhere.
        let count = match pin!((&mut link.io).take(rest).read_buf(message)).poll(cx) {
            Poll::Ready(Ok(count)) => count,
            Poll::Ready(Err(error)) => return Ok(Poll::Ready(Err(error))),
            Poll::Pending => return Ok(Poll::Pending),
        };
        if count == 0 {
            return Ok(Poll::Ready(Ok((0, Input::End))));
        }
        link.borrow_output();
        let data = link.connection.receive_payload(&mut message[begin..], &mut link.output)?;
        let whole = assembler.push_appended(&data);
        Ok(Poll::Ready(Ok((count, if whole { Input::Message } else { Input::Bytes }))))
    }
}
