//! What comes in: bytes to fragments, and answers to control frames.

use std::ops::Range;

use super::Connection;
use crate::buffer::{ReadBuffer, SendBuffer};
use crate::codec::{Decoded, Fragment, Transformed};
use crate::frame::{Frame, OpCode};
use crate::message::MessageKind;
use crate::protocol_error::ProtocolError;

/// What [`Connection::receive`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A fragment of a message.
    Data(Data),
    /// Nothing more in the buffer: read from the socket.
    Starved,
    /// The connection is over: send what waits, then end the TCP connection.
    Closed,
}

/// A fragment of a message; its payload lies in the read buffer it was received from, unless an
/// extension has changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// The kind of message.
    pub kind: MessageKind,
    /// Whether the message begins here.
    pub first: bool,
    /// Whether it ends here.
    pub fin: bool,
    /// Where in the read buffer the payload is. If it is empty, ask
    /// [`take_transformed`](Connection::take_transformed).
    pub payload: Range<usize>,
    /// How many bytes are announced to follow in the same frame.
    pub remaining: u64,
}

impl Connection {
    /// Decodes the next fragment from `input`. Answers to the peer are put into `output`.
    ///
    /// # Errors
    /// [`ProtocolError`] when the peer broke the protocol. The Close frame that tells it is in
    /// `output`, and the connection is closed.
    #[inline(always)]
    pub fn receive(
        &mut self,
        input: &mut ReadBuffer,
        output: &mut SendBuffer,
    ) -> Result<Received, ProtocolError> {
        self.next_fragment(input, output).inspect_err(|error| self.fail(*error, output))
    }

    #[inline(always)]
    fn next_fragment(
        &mut self,
        input: &mut ReadBuffer,
        output: &mut SendBuffer,
    ) -> Result<Received, ProtocolError> {
        while !self.closing.is_over() {
            let base = input.position();
            if input.unread().is_empty() {
                return Ok(Received::Starved);
            }
            let Some(decoded) = self.framing.decode(input.unread())? else {
                return Ok(Received::Starved);
            };
            input.consume(decoded.consumed);
            let Some(mut fragment) = decoded.fragment else {
                continue;
            };
            fragment.payload.start += base;
            fragment.payload.end += base;
            if !fragment.opcode.is_control() {
                return self.data(fragment).map(Received::Data);
            }
            self.control(fragment.opcode, input.bytes(fragment.payload), output)?;
        }
        Ok(Received::Closed)
    }

    /// The payload of the fragment that was received last, where an extension has made another of
    /// the one in the buffer. Only a fragment whose payload is empty there can have one.
    #[inline]
    pub fn take_transformed(&mut self) -> Option<Transformed> {
        self.framing.take_transformed()
    }

    /// Tells that nobody takes data any more, until the peer's Close comes: nothing is decompressed
    /// from here on.
    pub fn discard_data(&mut self) {
        self.framing.discard_data();
    }

    /// How many bytes of the data frame under way are still to come: whatever is received next
    /// is its payload. Of a frame that has not begun, or is whole, there are none.
    #[inline]
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Decodes bytes that lie in no [`ReadBuffer`], in place: no more than are
    /// [`remaining`](Connection::remaining), so all of them are payload. The range of the data
    /// is that of `payload`.
    ///
    /// # Errors
    /// [`ProtocolError`], as with [`receive`](Connection::receive).
    pub fn receive_payload(
        &mut self,
        payload: &mut [u8],
        output: &mut SendBuffer,
    ) -> Result<Data, ProtocolError> {
        let fragment = match self.framing.decode(payload) {
            Ok(Some(Decoded { consumed, fragment: Some(fragment) }))
                if consumed == payload.len() && !fragment.opcode.is_control() =>
            {
                Ok(fragment)
            }
            Ok(_) => Err(ProtocolError::Other("the codec has lost count of a frame")),
            Err(error) => Err(error),
        };
        fragment
            .and_then(|fragment| self.data(fragment))
            .inspect_err(|error| self.fail(*error, output))
    }

    /// Tells that bytes arrived: the peer is alive. While `output` is backed up they say
    /// nothing: a peer that talks and never reads is given up like a silent one.
    #[inline]
    pub fn heard(&mut self, output: &SendBuffer) {
        if !output.is_backed_up() {
            self.timers.heard();
        }
    }

    /// Tells that the peer's bytes are not being read, because nobody takes those that came
    /// before: its silence says nothing about it, unless `output` is backed up.
    #[inline]
    pub fn not_listening(&mut self, output: &SendBuffer) {
        self.heard(output);
        self.timers.active();
    }

    /// Tells that the socket took bytes that it had refused: the peer reads, and is alive.
    pub fn drained(&mut self) {
        self.timers.heard();
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

    #[cold]
    fn control(
        &mut self,
        opcode: OpCode,
        payload: &[u8],
        output: &mut SendBuffer,
    ) -> Result<(), ProtocolError> {
        match opcode {
            OpCode::Close => self.peer_closes(payload, output),
            OpCode::Ping => {
                self.answer_ping(payload, output);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// RFC 6455 §5.5.2. While the peer does not read, only its latest ping is remembered: a
    /// flood of pings cannot fill memory with answers.
    fn answer_ping(&mut self, payload: &[u8], output: &mut SendBuffer) {
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
