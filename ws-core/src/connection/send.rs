//! Sending messages and pings, and the bytes to write to the socket.

use std::time::Instant;

use super::{Connection, SendError};
use crate::hybi::Encoder;
use crate::message::{AsMessage, MessageRef};

impl Connection {
    /// Sends a whole message: appends its frame to what is [`unsent`](Connection::unsent).
    ///
    /// # Errors
    /// [`SendError`]; nothing was appended then.
    #[inline]
    pub fn send(&mut self, message: impl AsMessage) -> Result<(), SendError> {
        let message = message.as_message();
        if self.protocol.extended {
            self.work.encoded += message.as_bytes().len();
        }
        self.protocol.send(message, &mut self.output)
    }

    /// An encoder that encodes messages as [`send`](Connection::send) does, where that needs no
    /// state of the connection. Pass the encoded bytes to
    /// [`send_encoded`](Connection::send_encoded).
    pub fn encoder(&self) -> Option<Encoder> {
        self.protocol.codec.encoder()
    }

    /// Sends messages that its [`encoder`](Connection::encoder) has encoded, and leaves `encoded`
    /// empty.
    ///
    /// # Errors
    /// [`SendError::Closed`]; the messages are discarded then.
    #[inline]
    pub fn send_encoded(&mut self, encoded: &mut Vec<u8>) -> Result<(), SendError> {
        if encoded.is_empty() {
            return Ok(());
        }
        if !self.is_open() {
            encoded.clear();
            return Err(SendError::Closed);
        }
        self.protocol.answer_latest_ping(&mut self.output);
        self.output.append(encoded);
        Ok(())
    }

    /// Begins to send a message whose payload the caller writes to the socket itself, after what is
    /// [`unsent`](Connection::unsent). Returns the bytes to write after the payload; `None`, and
    /// nothing was begun, when the message must pass through [`send`](Connection::send). No other
    /// message may be [begun and not finished](Connection::is_within_sent_message).
    ///
    /// # Errors
    /// [`SendError::Closed`].
    pub fn begin(&mut self, message: MessageRef<'_>) -> Result<Option<&'static [u8]>, SendError> {
        let Some(envelope) = self.protocol.envelope(message, &mut self.output)? else {
            return Ok(None);
        };
        self.output.bytes().extend_from_slice(envelope.head());
        self.output.open_gap();
        Ok(Some(envelope.tail()))
    }

    /// Ends a message that [began](Connection::begin): `rest` is what the caller has not written of
    /// its payload, `tail` the bytes after it. Until then nothing that is sent after the message is
    /// [`unsent`](Connection::unsent).
    pub fn finish(&mut self, rest: &[u8], tail: &[u8]) {
        self.output.close_gap(rest, tail);
        if self.output.is_empty() {
            self.protocol.answer_latest_ping(&mut self.output);
        }
    }

    /// Whether a message that [began](Connection::begin) is not [finished](Connection::finish).
    pub fn is_within_sent_message(&self) -> bool {
        self.output.has_gap()
    }

    /// Sends a ping (RFC 6455 §5.5.2); its payload is at most 125 bytes.
    ///
    /// # Errors
    /// [`SendError`], also when the draft has no ping.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.protocol.ping(payload, &mut self.output)
    }

    /// The bytes to write to the socket, oldest first.
    #[inline]
    pub fn unsent(&self) -> &[u8] {
        self.output.unsent()
    }

    /// How many bytes wait to be sent, those included that wait for a message to be
    /// [finished](Connection::finish).
    #[inline]
    pub fn unsent_len(&self) -> usize {
        self.output.len()
    }

    /// Reports that the socket accepted `count` bytes of what is [`unsent`](Connection::unsent).
    /// `clock` is called occasionally, for the current time.
    #[inline]
    pub fn sent(&mut self, count: usize, clock: impl FnOnce() -> Instant) {
        if self.output.is_backed_up() {
            self.protocol.timers.heard();
        }
        self.protocol.backlog.sent(count, clock);
        self.output.advance(count);
        if self.output.is_empty() {
            self.protocol.answer_latest_ping(&mut self.output);
        }
    }

    /// Reports that the socket accepted `count` bytes of the payload of a message that
    /// [began](Connection::begin); `refused` says whether it would have blocked before. `clock` is
    /// as with [`sent`](Connection::sent).
    pub fn sent_elsewhere(&mut self, count: usize, refused: bool, clock: impl FnOnce() -> Instant) {
        if refused {
            self.protocol.timers.heard();
        }
        self.protocol.backlog.sent(count, clock);
    }

    /// Reports that the socket would block.
    #[inline]
    pub fn blocked(&mut self) {
        self.output.refuse();
    }

    /// Discards what is unsent, for a socket that accepts nothing any more.
    pub fn discard_unsent(&mut self) {
        self.output.discard();
    }

    /// Lends it a buffer for what is to be sent, if it has none. Without one it allocates its own.
    #[inline]
    pub fn lend_output(&mut self, storage: impl FnOnce() -> Vec<u8>) {
        if !self.output.has_storage() {
            self.output.lend(storage());
        }
    }

    /// Returns the buffer for what is to be sent, if it has one and nothing in it is unsent.
    #[inline]
    pub fn reclaim_output(&mut self) -> Option<Vec<u8>> {
        self.output.reclaim()
    }
}
