//! The server's end: what it receives and writes, and the checks of its send buffer.

use super::super::super::*;
use super::super::ensure;
use super::super::wire::{Said, Sent, Wire};
use super::{Event, SECOND};
use crate::connection::ending::{HeldEnd, PeerEnd};
use crate::limits::Keepalive;

/// The state of the closing handshake, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    CloseSent,
    Over,
}

pub(super) struct Single {
    pub(super) wire: Wire,
    pub(super) end: End,
    /// Seconds since the connection began.
    pub(super) now: u32,
    pub(super) stalled: bool,
    pub(super) begun: Option<Said>,
    pub(super) peer_closed: bool,
    pub(super) close_sent: bool,
    /// The closing deadline, once the closing handshake has begun.
    pub(super) deadline: Option<Instant>,
    /// When `handle_timeout` is to be called next.
    pub(super) next: Option<Instant>,
    /// The application consumes no messages.
    pub(super) busy: bool,
    /// Messages have arrived that are not consumed.
    pub(super) untaken: bool,
    /// A protocol error of the peer was found, and not reported yet.
    pub(super) owed: bool,
    /// A protocol error was reported.
    pub(super) broken: bool,
}

impl Single {
    pub(super) fn new(wire: Wire) -> Single {
        let timeouts = Timeouts {
            closing: 5 * SECOND,
            idle: Some(4 * SECOND),
            keepalive: Keepalive { interval: Some(2 * SECOND), missed: 2 },
            ..Timeouts::default()
        };
        let mut end = End::new(wire.codec(), timeouts);
        Single {
            wire,
            next: end.poll_timeout(),
            end,
            now: 0,
            stalled: false,
            begun: None,
            peer_closed: false,
            close_sent: false,
            deadline: None,
            busy: false,
            untaken: false,
            owed: false,
            broken: false,
        }
    }

    pub(super) fn at(&self, second: u32) -> Instant {
        self.end.began + second * SECOND
    }

    pub(super) fn phase(&self) -> Phase {
        match (self.end.connection.is_open(), self.end.connection.is_over()) {
            (true, false) => Phase::Open,
            (false, false) => Phase::CloseSent,
            (_, true) => Phase::Over,
        }
    }

    /// Whether an end by the peer is held.
    pub(super) fn holds(&self) -> bool {
        self.end.connection.protocol.held_end.is_some()
    }

    pub(super) fn holds_violation(&self) -> bool {
        let held = self.end.connection.protocol.held_end.as_deref();
        matches!(held, Some(HeldEnd { end: PeerEnd::Violation(_), .. }))
    }

    /// Receives what the peer sends, and handles all that follows from it.
    pub(super) fn hear(&mut self, said: Said) -> Result<(), String> {
        let bytes = self.wire.said(said, self.begun).unwrap_or_default();
        self.begun = Some(said).filter(|said| said.is_half());
        self.end.hear(&bytes);
        let over = self.end.connection.is_over();
        // Bytes after the end are not decoded. Within a message, another one is a violation.
        let within = self.end.connection.is_within_message();
        self.peer_closed |= said.is_close() && !over && !(within && said == Said::TextThenClose);
        self.receive()
    }

    /// Receives messages, consumes them unless the application is busy, and handles all that
    /// follows from it.
    pub(super) fn receive(&mut self) -> Result<(), String> {
        loop {
            if !self.end.connection.has_storage() {
                self.end.connection.lend(Batch::new(vec![0; STORAGE].into()));
            }
            let was_over = self.end.connection.is_over();
            let owed = self.owed || self.holds_violation();
            let unread = self.end.connection.has_unread();
            let untaken = if self.untaken { Untaken::Some } else { Untaken::Nothing };
            match self.end.connection.receive_messages(untaken) {
                Ok(Received::Data(batch)) => {
                    ensure(!was_over, "data after the end")?;
                    ensure(!batch.is_empty(), "no message")?;
                    self.untaken = self.busy;
                }
                Ok(Received::Starved) => {
                    ensure(!was_over, "starved after the end")?;
                    break;
                }
                Ok(Received::Working) => return Err("there is no extension".into()),
                Ok(Received::Held) => {
                    ensure(self.untaken, "held, although all is consumed")?;
                    break;
                }
                Ok(Received::Closed) => {
                    let untouched = self.end.connection.has_unread() == unread;
                    ensure(!was_over || untouched, "bytes were decoded after the end")?;
                    ensure(!owed, "a protocol error is not reported")?;
                    drop(self.end.connection.discard_received());
                    break;
                }
                Err(_) => {
                    ensure(!was_over || owed, "an error after the end")?;
                    ensure(!self.broken, "an error is reported twice")?;
                    ensure(!self.untaken, "an error before earlier messages")?;
                    ensure(self.end.connection.is_over(), "the connection goes on after an error")?;
                    (self.owed, self.broken) = (false, true);
                }
            }
        }
        // The buffer is returned, as by an endpoint that waits for the socket.
        match self.end.connection.reclaim() {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}")),
        }
    }

    /// The socket accepts what is unsent, unless it is stalled.
    pub(super) fn write(&mut self) -> Result<Vec<Sent>, String> {
        let mut frames = Vec::new();
        while !self.stalled && !self.end.connection.unsent().is_empty() {
            frames.extend(self.wire.sent(&self.end.sent())?);
        }
        self.end.connection.blocked();
        Ok(frames)
    }

    /// Checks what was appended to the send buffer at one event.
    pub(super) fn check_put(
        &mut self,
        event: Event,
        put: &[Sent],
        before: Phase,
    ) -> Result<(), String> {
        for frame in put {
            ensure(!self.close_sent, format!("{frame:?} after our Close"))?;
            let in_vain = *frame == Sent::Close && self.end.connection.has_input_ended();
            let first = self.peer_closed || self.owed || self.broken;
            ensure(
                !in_vain || first || matches!(event, Event::Refuse),
                "a Close that the peer cannot answer",
            )?;
            self.close_sent |= *frame == Sent::Close;
        }
        ensure(before == Phase::Open || put.is_empty(), "something was sent while closing")?;
        let pings = usize::from(match event {
            Event::Peer(said) => said == Said::Ping || said == Said::OtherHalf,
            Event::Send | Event::Drain => true,
            _ => false,
        });
        let pongs = put.iter().filter(|frame| **frame == Sent::Pong).count();
        ensure(pongs <= pings, "a pong without a ping")
    }
}
