//! Long messages of bytes are read straight into their own memory.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use ws_core::ProtocolError;
use ws_core::message::Assembler;

use super::{Endpoint, Input};
use crate::turn;

/// From so many bytes on that are still to come of a frame, it pays.
const LONG_REST: u64 = 64 * 1024;

/// How much more memory there is for a message, as a multiple of what has arrived of it: each
/// growth costs a read, and may cost a copy.
const GROWTH: usize = 3;

/// How many bytes one read has brought, and what they were.
type Read = Poll<io::Result<(usize, Input)>>;

impl<IO: AsyncRead + AsyncWrite + Unpin> Endpoint<IO> {
    /// Reads payload into the message that it belongs to, and decodes it there. `None` when the
    /// next bytes belong into the worker's read buffer.
    pub(super) fn poll_long_message(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Result<Option<Read>, ProtocolError> {
        let rest = self.link.connection.remaining();
        if rest < LONG_REST || !self.assembler.has_begun() || self.has_unread() {
            return Ok(None);
        }
        self.release()?;
        let Endpoint { link, assembler, .. } = self;
        let Some(message) = assembler.appendable() else {
            return Ok(None);
        };
        let begin = message.len();
        if begin == message.capacity() {
            // Memory follows what has arrived, not what is announced.
            let more = GROWTH * begin.max(LONG_REST as usize);
            let more = usize::try_from(rest).map_or(more, |rest| rest.min(more));
            message.reserve_exact(Assembler::room_for(begin + more) - begin);
        }
        // A read that is pending has put nothing anywhere.
        let count = match pin!((&mut link.io).take(rest).read_buf(message)).poll(cx) {
            Poll::Ready(Ok(count)) if count > 0 => count,
            other => return Ok(Some(other.map_ok(|count| (count, Input::End)))),
        };
        turn::charge_copied(cx, count);
        link.borrow_output();
        let data = link.connection.receive_payload(&mut message[begin..], &mut link.output)?;
        let input = if assembler.push_appended(&data) { Input::Message } else { Input::Bytes };
        Ok(Some(Poll::Ready(Ok((count, input)))))
    }
}
