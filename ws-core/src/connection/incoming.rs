//! Received bytes: decoding to fragments, and answers to control frames.

use std::ops::Range;

use super::assembler::Data;
use super::ending::PeerEnd;
use super::protocol::Protocol;
use super::received::Received;
use crate::buffer::{ReadBuffer, SendBuffer};
use crate::codec::{Codec, Decoded, Fragment, Transformed};
use crate::frame::{Frame, OpCode};
use crate::message::{Assembled, Contents, MessageKind};
use crate::protocol_error::ProtocolError;

/// The next frame or fragment in the read buffer.
pub(super) enum Next {
    /// A fragment of a message, and its payload where an extension has decoded it.
    Data(Data, Option<Transformed>),
    /// A control frame, and the range of its payload in the read buffer.
    Control(OpCode, Range<usize>),
}

impl Protocol {
    /// The fast path of a server: moves the complete, unfragmented messages at the front of `input`
    /// into its batch, unmasked, if they are within the limit. It stops at any other frame.
    #[inline]
    pub(super) fn collect_whole(&mut self, input: &mut ReadBuffer) {
        let Some((contents, unread)) = input.lent() else { return };
        if self.message.is_some() {
            return;
        }
        let (begin, limit) = (unread.start, self.limits.message as u64);
        let Contents { storage, messages, .. } = contents;
        while let Some(whole) = self.codec.decode_whole(&mut storage[unread.clone()], limit) {
            let payload = unread.start + whole.start..unread.start + whole.end;
            unread.start = payload.end;
            messages.push(Assembled::Stored(whole.kind, payload));
        }
        if unread.start > begin {
            self.timers.active();
        }
    }

    /// Decodes the next frame or fragment in `input`; `None` when more bytes are needed.
    #[inline(always)]
    pub(super) fn next(&mut self, input: &mut ReadBuffer) -> Result<Option<Next>, ProtocolError> {
        loop {
            let base = input.position();
            if input.is_empty() && !self.more {
                return Ok(None);
            }
            let Some(decoded) = self.codec.decode(input.unread())? else {
                return Ok(None);
            };
            input.consume(decoded.consumed);
            let Some(mut fragment) = decoded.fragment else {
                continue;
            };
            fragment.payload.start += base;
            fragment.payload.end += base;
            if fragment.opcode.is_control() {
                return Ok(Some(Next::Control(fragment.opcode, fragment.payload)));
            }
            let transformed = match fragment.payload.is_empty() {
                true => self.codec.take_transformed(),
                false => None,
            };
            self.more = transformed.as_ref().is_some_and(|transformed| transformed.more);
            return self.data(fragment).map(|data| Some(Next::Data(data, transformed)));
        }
    }

    /// Decodes bytes that are not in the read buffer, in place. They are at most as many as remain
    /// of the current frame, so that all of them are payload. The range of the returned data is
    /// relative to `payload`.
    pub(super) fn payload(&mut self, payload: &mut [u8]) -> Result<Data, ProtocolError> {
        match self.codec.decode(payload)? {
            Some(Decoded { consumed, fragment: Some(fragment) })
                if consumed == payload.len() && !fragment.opcode.is_control() =>
            {
                self.data(fragment)
            }
            _ => Err(ProtocolError::Other("the codec has lost count of a frame")),
        }
    }

    /// Reports that bytes arrived, which shows that the peer is alive. While `output` is backed up
    /// they do not count: a peer that sends and never reads is dropped like a silent one.
    #[inline]
    pub(super) fn heard(&mut self, output: &SendBuffer) {
        if !output.is_backed_up() {
            self.timers.heard();
        }
    }

    #[inline]
    fn data(&mut self, fragment: Fragment) -> Result<Data, ProtocolError> {
        let begun = match fragment.opcode {
            OpCode::Text => Some(MessageKind::Text),
            OpCode::Binary => Some(MessageKind::Binary),
            _ => None,
        };
        let kind = match (begun, self.message) {
            (Some(_), Some(_)) => return Err(ProtocolError::InterleavedMessage),
            (None, None) => return Err(ProtocolError::LoneContinuation),
            (Some(kind), None) | (None, Some(kind)) => kind,
        };
        self.message = if fragment.fin { None } else { Some(kind) };
        self.remaining = fragment.remaining;
        self.timers.active();
        Ok(Data {
            kind,
            first: begun.is_some(),
            fin: fragment.fin,
            payload: fragment.payload,
            remaining: fragment.remaining,
        })
    }

    /// Answers a control frame. A Close is held if `untaken` messages came before it. Returns why
    /// nothing more can be received now, if that is so.
    #[cold]
    pub(super) fn control<T>(
        &mut self,
        opcode: OpCode,
        payload: &[u8],
        untaken: bool,
        output: &mut SendBuffer,
    ) -> Result<Option<Received<T>>, ProtocolError> {
        match opcode {
            OpCode::Close if untaken => {
                self.hold_end(PeerEnd::Close(payload.into()), output);
            }
            OpCode::Close => self.peer_closes(payload, output)?,
            OpCode::Ping => self.answer_ping(payload, output),
            OpCode::Pong => self.round_trips.pong(payload),
            _ => {}
        }
        Ok(match (&self.held_end, self.closing.is_over()) {
            (Some(_), _) => Some(Received::Held),
            (None, true) => Some(Received::Closed),
            (None, false) => None,
        })
    }

    /// Answers a ping (RFC 6455 §5.5.2). While the peer does not read, only its latest ping is
    /// stored (§5.5.3), so that a flood of pings cannot fill memory with pongs.
    pub(super) fn answer_ping(&mut self, payload: &[u8], output: &mut SendBuffer) {
        if !self.closing.is_open() {
            // Our Close is the last frame we send; the peer needs no pong to answer it.
            return;
        }
        if output.is_backed_up() {
            self.unanswered_ping = Some(payload.into());
        } else {
            self.put(Frame::whole(OpCode::Pong, payload), output);
        }
    }
}
