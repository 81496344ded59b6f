//! The end itself: what it hears and writes, and what may be put into its send buffer.

use super::super::super::*;
use super::super::ensure;
use super::super::wire::{Said, Sent, Wire};
use super::{Event, SECOND};
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
}

impl Alone {
    pub(super) fn new(wire: Wire) -> Alone {
        let timeouts = Timeouts {
            closing: 5 * SECOND,
            idle: Some(4 * SECOND),
            keepalive: Keepalive { interval: Some(2 * SECOND), missed: 2 },
            ..Timeouts::default()
        };
        Alone {
            wire,
            end: End::new(wire.codec(), timeouts),
            now: 0,
            stalled: false,
            begun: None,
            peer_closed: false,
            close_sent: false,
            deadline: None,
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

    /// Hears what the peer says, and everything it leads to.
    pub(super) fn hear(&mut self, said: Said) -> Result<(), String> {
        let bytes = self.wire.said(said, self.begun).unwrap_or_default();
        self.begun = Some(said).filter(|said| said.is_half());
        self.end.input.compact();
        self.end.hear(&bytes);
        self.end.connection.heard(&self.end.output);
        loop {
            let was_over = self.end.connection.is_over();
            let within = self.end.connection.is_within_message();
            let unread = self.end.input.unread().len();
            match self.end.receive() {
                Ok(Received::Data(data)) => {
                    ensure(!was_over, "data behind the end")?;
                    ensure(data.first != within, "a fragment out of order")?;
                }
                Ok(Received::Starved) => return ensure(!was_over, "starved behind the end"),
                Ok(Received::Closed) => {
                    let untouched = self.end.input.unread().len() == unread;
                    ensure(!was_over || untouched, "bytes were read behind the end")?;
                    self.peer_closed |= said.is_close() && !was_over;
                    self.end.input.discard();
                    return Ok(());
                }
                Err(_) => {
                    ensure(!was_over, "an error behind the end")?;
                    ensure(self.end.connection.is_over(), "it goes on behind an error")?;
                }
            }
        }
    }

    /// The socket takes what waits, unless it is stalled.
    pub(super) fn write(&mut self) -> Result<Vec<Sent>, String> {
        let mut frames = Vec::new();
        while !self.stalled && !self.end.output.is_empty() {
            frames.extend(self.wire.sent(&self.end.sent())?);
            self.end.connection.handle_sent(&mut self.end.output);
        }
        self.end.output.refuse();
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
            ensure(!in_vain || matches!(event, Event::Refuse), "a Close to nobody")?;
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
