//! Receiving whole messages, or fragments.

use super::Connection;
use super::assembler::Data;
use super::ending::PeerEnd;
use super::incoming::Next;
use super::received::{Payload, Received, ReceivedFragment, Untaken};
use crate::frame::OpCode;
use crate::message::{Assembled, Batch};
use crate::protocol_error::ProtocolError;

/// A batch is full once its messages outside the lent buffer have this many bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// The most undecoded bytes that are copied out of the lent buffer, so that it can be returned with
/// the batch. If there are more, the messages are copied instead, and the buffer stays.
const KEPT_BYTES: usize = 4 * 1024;

impl Connection {
    // ===== Messages =====

    /// Receives the complete messages in the lent buffer. The batch that is returned usually takes
    /// the buffer with it. Nothing is decoded without one, so lend another while there are
    /// [unread](Connection::has_unread) bytes. Answers to control frames are
    /// [`unsent`](Connection::unsent).
    ///
    /// # Errors
    /// [`ProtocolError`] when the peer broke the protocol, and all messages before that were
    /// consumed. The connection has failed then.
    #[inline(always)]
    pub fn receive_messages(&mut self, untaken: Untaken) -> Result<Received<Batch>, ProtocolError> {
        if let Some(received) = self.receive_end(untaken)? {
            return Ok(received);
        }
        if self.appended > 0 {
            self.receive_appended()?;
        }
        self.protocol.collect_whole(&mut self.input);
        let collected = self.collect(untaken);
        self.hand_over(collected, untaken)
    }

    /// Decodes messages into the lent batch, and returns why it stopped.
    #[inline(always)]
    fn collect(&mut self, untaken: Untaken) -> Result<Received<Batch>, ProtocolError> {
        let Connection { protocol, input, output, assembler, work, .. } = self;
        let mut own = 0;
        while input.is_lent() {
            let assembled = match protocol.next(input)? {
                None => break,
                Some(Next::Data(data, None)) => {
                    assembler.push(data, input, protocol.limits.message)?
                }
                Some(Next::Data(data, Some(transformed))) => {
                    work.count(&transformed);
                    let limit = protocol.limits.message;
                    assembler.push_transformed(&data, &transformed.payload, input, limit)?
                }
                Some(Next::Control(opcode, payload)) => {
                    let found = input.batch().is_some_and(|batch| !batch.is_empty());
                    let payload = input.bytes(payload);
                    if found && opcode == OpCode::Ping {
                        // The pong is sent after the replies to the messages before the ping.
                        protocol.held_ping = Some(payload.into());
                        return Ok(Received::Held);
                    }
                    let untaken = found || untaken == Untaken::Some;
                    match protocol.control(opcode, payload, untaken, output)? {
                        Some(received) => return Ok(received),
                        None => continue,
                    }
                }
            };
            if let (Some(assembled), Some(batch)) = (assembled, input.batch()) {
                own += assembled.own_len();
                batch.push(assembled);
            }
            if own >= BATCH_BYTES || work.is_much() {
                return Ok(Received::Working);
            }
        }
        Ok(Received::Starved)
    }

    /// Returns the messages that were collected, if there are any; else the outcome of collecting.
    #[inline(always)]
    fn hand_over(
        &mut self,
        collected: Result<Received<Batch>, ProtocolError>,
        untaken: Untaken,
    ) -> Result<Received<Batch>, ProtocolError> {
        let batch = self.input.batch();
        let found = batch.is_some_and(|batch| !batch.is_empty());
        let outcome = match collected {
            Ok(outcome) => outcome,
            Err(error) if found || untaken == Untaken::Some => {
                self.hold_violation(error);
                Received::Held
            }
            Err(error) => {
                self.fail(error);
                return Err(error);
            }
        };
        if !found {
            return Ok(outcome);
        }
        let batch = self.take_batch();
        match batch.is_empty() {
            // Its first message breaks the protocol: a text that is not UTF-8.
            true => self.receive_end(untaken).map(|end| end.unwrap_or(Received::Held)),
            false => Ok(Received::Data(batch)),
        }
    }

    /// Takes the batch of messages that were found.
    #[inline]
    fn take_batch(&mut self) -> Batch {
        if self.assembler.is_buffered() {
            // An error is held, and returned after this batch is consumed.
            let _held = self.own_beginning();
        }
        let undecoded = self.input.unread().len();
        if let (Some(found), true) = (self.input.batch(), undecoded > KEPT_BYTES) {
            let mut batch = Batch::default();
            if let Err(error) = batch.contents_mut().append(found) {
                self.hold_violation(error);
            }
            return batch;
        }
        self.input.reclaim().unwrap_or_default()
    }

    /// Acts on the control frames that came after messages: answers a held ping, and applies a held
    /// end once those messages are consumed. Returns why nothing more can be received, if that is
    /// so.
    #[inline]
    fn receive_end<T>(&mut self, untaken: Untaken) -> Result<Option<Received<T>>, ProtocolError> {
        if let Some(ping) = self.protocol.held_ping.take() {
            self.protocol.answer_ping(&ping, &mut self.output);
        }
        if self.protocol.held_end.is_some() {
            if untaken == Untaken::Some {
                return Ok(Some(Received::Held));
            }
            self.protocol.take_held_end(&mut self.output)?;
        }
        Ok(self.is_over().then_some(Received::Closed))
    }

    /// As [`fail`](Connection::fail), once the messages before that are consumed: the next call
    /// that receives returns the error. See [`Untaken`].
    #[cold]
    pub fn hold_violation(&mut self, error: ProtocolError) {
        self.protocol.hold_end(PeerEnd::Violation(error), &mut self.output);
    }

    /// Decodes what was appended to a message.
    #[cold]
    fn receive_appended(&mut self) -> Result<(), ProtocolError> {
        let appended = std::mem::take(&mut self.appended);
        let Some(message) = self.assembler.appendable() else {
            return Ok(());
        };
        let begin = message.len() - appended;
        let received = self.protocol.payload(&mut message[begin..]);
        let assembled = received.and_then(|data| self.assembler.push_appended(&data));
        if let Some(assembled) = assembled.inspect_err(|error| self.fail(*error))? {
            self.receive_assembled(assembled);
        }
        Ok(())
    }

    /// Adds a message that is not in the lent buffer to the batch.
    fn receive_assembled(&mut self, assembled: Assembled) {
        if !self.input.is_lent() {
            self.lend(Batch::default());
        }
        if let Some(batch) = self.input.batch() {
            batch.push(assembled);
        }
    }

    // ===== Fragments =====

    /// Receives the next fragment of a message, as it arrives. Its payload stays in the buffer
    /// until the next call, or until the buffer is reclaimed.
    ///
    /// # Errors
    /// [`ProtocolError`] when the peer broke the protocol, possibly within a message. The error is
    /// not held. The connection has failed then.
    #[inline]
    pub fn receive_fragment(
        &mut self,
        untaken: Untaken,
    ) -> Result<Received<ReceivedFragment>, ProtocolError> {
        if let Some(received) = self.receive_end(untaken)? {
            return Ok(received);
        }
        self.next_fragment(untaken).inspect_err(|error| self.fail(*error))
    }

    #[inline]
    fn next_fragment(
        &mut self,
        untaken: Untaken,
    ) -> Result<Received<ReceivedFragment>, ProtocolError> {
        let Connection { protocol, input, output, work, .. } = self;
        loop {
            let (data, payload) = match protocol.next(input)? {
                None => return Ok(Received::Starved),
                Some(Next::Data(data, None)) => {
                    let range = data.payload.clone();
                    (data, Payload::Stored(range))
                }
                Some(Next::Data(data, Some(transformed))) => {
                    work.count(&transformed);
                    (data, Payload::Made(transformed.payload))
                }
                Some(Next::Control(opcode, payload)) => {
                    let untaken = untaken == Untaken::Some;
                    match protocol.control(opcode, input.bytes(payload), untaken, output)? {
                        Some(received) => return Ok(received),
                        None => continue,
                    }
                }
            };
            let Data { kind, first, fin, .. } = data;
            return Ok(Received::Data(ReceivedFragment { kind, first, fin, payload }));
        }
    }
}
