//! The end itself: what it hears and writes, and what may be put into its send buffer.

use super::super::super::*;
use super::super::ensure;
use super::super::wire::{Said, Sent, Wire};
use super::{Event, SECOND};
use crate::connection::ending::{HeldEnd, PeerEnd};
use crate::limits::Keepalive;

/// How far the closing handshake is, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    CloseSent,
    Over,
}

pub(super) struct Alone {
    pub(super) wire: Wire,
    pub(super) end: End,
    /// Seconds since the connection began.
    pub(super) now: u32,
    pub(super) stalled: bool,
    pub(super) begun: Option<Said>,
    pub(super) peer_closed: bool,
    pub(super) close_sent: bool,
    /// When the closing must be over, once it has begun.
    pub(super) deadline: Option<Instant>,
    /// When the connection wants to be called next.
    pub(super) next: Option<Instant>,
    /// The application takes no messages.
    pub(super) busy: bool,
    /// Messages have come that were not taken.
    pub(super) untaken: bool,
    /// How the peer broke the protocol is known, and not told yet.
    pub(super) owed: bool,
    /// It was told.
    pub(super) broken: bool,
}

impl Alone {
    pub(super) fn new(wire: Wire) -> Alone {
        let timeouts = Timeouts {
            closing: 5 * SECOND,
            idle: Some(4 * SECOND),
            keepalive: Keepalive { interval: Some(2 * SECOND), missed: 2 },
            ..Timeouts::default()
        };
        let mut end = End::new(wire.codec(), timeouts);
        Alone {
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

    /// Whether an end that the peer has made waits for messages to be taken.
    pub(super) fn holds(&self) -> bool {
        self.end.connection.protocol.held_end.is_some()
    }

    pub(super) fn holds_violation(&self) -> bool {
        let held = self.end.connection.protocol.held_end.as_deref();
        matches!(held, Some(HeldEnd { end: PeerEnd::Violation(_), .. }))
    }

    /// Hears what the peer says, and everything it leads to.
    pub(super) fn hear(&mut self, said: Said) -> Result<(), String> {
        let bytes = self.wire.said(said, self.begun).unwrap_or_default();
        self.begun = Some(said).filter(|said| said.is_half());
        self.end.hear(&bytes);
        let over = self.end.connection.is_over();
        // What is behind the end is not looked at, and neither is what is within a message.
        let within = self.end.connection.is_within_message();
        self.peer_closed |= said.is_close() && !over && !(within && said == Said::TextThenClose);
        self.receive()
    }

    /// Takes what has come, or leaves it, and everything it leads to.
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
                    ensure(!was_over, "data behind the end")?;
                    ensure(!batch.is_empty(), "no message")?;
                    self.untaken = self.busy;
                }
                Ok(Received::Starved) => {
                    ensure(!was_over, "starved behind the end")?;
                    break;
                }
                Ok(Received::Working) => return Err("there is no extension".into()),
                Ok(Received::Held) => {
                    ensure(self.untaken, "held, and everything was taken")?;
                    break;
                }
                Ok(Received::Closed) => {
                    let untouched = self.end.connection.has_unread() == unread;
                    ensure(!was_over || untouched, "bytes were read behind the end")?;
                    ensure(!owed, "a broken protocol is not told")?;
                    drop(self.end.connection.discard_received());
                    break;
                }
                Err(_) => {
                    ensure(!was_over || owed, "an error behind the end")?;
                    ensure(!self.broken, "an error that is told twice")?;
                    ensure(!self.untaken, "an error before the messages that came first")?;
                    ensure(self.end.connection.is_over(), "it goes on behind an error")?;
                    (self.owed, self.broken) = (false, true);
                }
            }
        }
        // The memory is given back, as by an endpoint that waits.
        match self.end.connection.reclaim() {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}")),
        }
    }

    /// The socket takes what waits, unless it is stalled.
    pub(super) fn write(&mut self) -> Result<Vec<Sent>, String> {
        let mut frames = Vec::new();
        while !self.stalled && !self.end.connection.unsent().is_empty() {
            frames.extend(self.wire.sent(&self.end.sent())?);
        }
        self.end.connection.blocked();
        Ok(frames)
    }

    /// What may be put into the send buffer at one event.
    pub(super) fn check_put(
        &mut self,
        event: Event,
        put: &[Sent],
        before: Phase,
    ) -> Result<(), String> {
        for frame in put {
            ensure(!self.close_sent, format!("{frame:?} behind our Close"))?;
            let in_vain = *frame == Sent::Close && self.end.connection.has_input_ended();
            let first = self.peer_closed || self.owed || self.broken;
            ensure(!in_vain || first || matches!(event, Event::Refuse), "a Close to nobody")?;
            self.close_sent |= *frame == Sent::Close;
        }
        ensure(before == Phase::Open || put.is_empty(), "something was put while closing")?;
        let pings = usize::from(match event {
            Event::Peer(said) => said == Said::Ping || said == Said::OtherHalf,
            Event::Send | Event::Drain => true,
            _ => false,
        });
        let pongs = put.iter().filter(|frame| **frame == Sent::Pong).count();
        ensure(pongs <= pings, "a pong that answers nothing")
    }
}
