//! A server's end between a peer that says anything, an application, a socket and a clock.

use std::time::Duration;

use super::super::*;
use super::wire::{Said, Sent, Wire};
use super::{Model, ensure, explore};
use crate::limits::Keepalive;

const SECOND: Duration = Duration::from_secs(1);
/// No deadline is further away, or longer past.
const HORIZON: u32 = 6;
/// With a silent peer the end comes within so many deadlines.
const PATIENCE: usize = 12;

#[derive(Debug, Clone, Copy)]
enum Event {
    Peer(Said),
    Send,
    Ping,
    Close,
    /// What was received is refused by the application's side: a text that is not UTF-8.
    Refuse,
    /// The peer's bytes are not read, because nobody takes those that came before.
    NotListening,
    /// The socket takes nothing from now on.
    Stall,
    /// The socket takes everything again.
    Drain,
    /// The next deadline passes.
    Deadline,
    /// The alarm rings for nothing.
    FalseAlarm,
}

/// How far the closing handshake is, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Open,
    CloseSent,
    Over,
}

struct Alone {
    wire: Wire,
    end: End,
    /// Seconds since the connection began.
    now: u32,
    stalled: bool,
    begun: Option<Said>,
    peer_closed: bool,
    close_sent: bool,
    /// When the closing must be over, once it has begun.
    deadline: Option<Instant>,
}

impl Alone {
    fn new(wire: Wire) -> Alone {
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

    fn at(&self, second: u32) -> Instant {
        self.end.began + second * SECOND
    }

    fn phase(&self) -> Phase {
        match (self.end.connection.is_open(), self.end.connection.is_over()) {
            (true, false) => Phase::Open,
            (false, false) => Phase::CloseSent,
            (_, true) => Phase::Over,
        }
    }

    /// Hears what the peer says, and everything it leads to.
    fn hear(&mut self, said: Said) -> Result<(), String> {
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
    fn write(&mut self) -> Result<Vec<Sent>, String> {
        let mut frames = Vec::new();
        while !self.stalled && !self.end.output.is_empty() {
            frames.extend(self.wire.sent(&self.end.sent())?);
            self.end.connection.handle_sent(&mut self.end.output);
        }
        self.end.output.refuse();
        Ok(frames)
    }

    /// What may be put into the send buffer at one event.
    fn check_put(&mut self, event: Event, put: &[Sent], before: Phase) -> Result<(), String> {
        for frame in put {
            ensure(!self.close_sent, format!("{frame:?} behind our Close"))?;
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

impl Model for Alone {
    type Event = Event;

    fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Ping, Event::Close, Event::NotListening, Event::FalseAlarm];
        events.push(if self.stalled { Event::Drain } else { Event::Stall });
        if self.end.output.is_empty() {
            // A writer waits while something else does.
            events.push(Event::Send);
        }
        if self.end.connection.poll_timeout().is_some() {
            events.push(Event::Deadline);
        }
        if !self.end.connection.is_over() {
            events.push(Event::Refuse);
        }
        for said in Said::ALL {
            let in_turn = (said == Said::OtherHalf) == self.begun.is_some();
            if in_turn && self.wire.said(said, self.begun).is_some() {
                events.push(Event::Peer(said));
            }
        }
        events
    }

    fn step(&mut self, event: Event) -> Result<(), String> {
        let before = self.phase();
        let waited = self.end.output.len();
        let mut written = Vec::new();
        match event {
            Event::Peer(said) => self.hear(said)?,
            Event::Send => {
                let sent = self.end.connection.send(MessageRef::Text("m"), &mut self.end.output);
                ensure(sent.is_ok() == (before == Phase::Open), "sent, or not, out of turn")?;
            }
            // While the socket is stalled an application may still ping; one is enough here.
            Event::Ping if waited > 0 => {}
            Event::Ping => {
                let pinged = self.end.connection.ping(b"", &mut self.end.output);
                let may = before == Phase::Open && self.end.connection.capabilities().ping;
                ensure(pinged.is_ok() == may, "pinged, or not, out of turn")?;
            }
            Event::Close => {
                let reason = CloseReason::new(StatusCode::NORMAL, "");
                let now = self.at(self.now);
                self.end.connection.close(Some(reason), now, &mut self.end.output);
                ensure(self.phase() > Phase::Open, "open behind our Close")?;
            }
            Event::Refuse => {
                self.end.connection.fail(ProtocolError::InvalidUtf8, &mut self.end.output);
            }
            Event::NotListening => self.end.connection.not_listening(&self.end.output),
            Event::Stall => self.stalled = true,
            Event::Drain => {
                self.stalled = false;
                if self.end.output.is_backed_up() {
                    self.end.connection.drained();
                }
                // What waited was checked when it was put.
                written = self.wire.sent(&self.end.sent())?;
                self.end.connection.handle_sent(&mut self.end.output);
            }
            Event::Deadline | Event::FalseAlarm => {
                if let (Event::Deadline, Some(at)) = (event, self.end.connection.poll_timeout()) {
                    let second = (0..=HORIZON).find(|n| self.at(self.now + n) >= at);
                    self.now += second.ok_or("a deadline beyond all others")?;
                }
                let now = self.at(self.now);
                let expired = self.end.connection.handle_timeout(now, &mut self.end.output);
                ensure(
                    expired.is_ok() == self.end.connection.expired().is_none()
                        || (before == Phase::Over && matches!(event, Event::FalseAlarm)),
                    "an end that is not told",
                )?;
                let next = self.end.connection.poll_timeout();
                let ahead =
                    next.is_none_or(|next| next > now) || matches!(event, Event::FalseAlarm);
                ensure(ahead, "the same deadline again")?;
            }
        }
        let kept = if matches!(event, Event::Drain) { 0 } else { waited };
        let put = self.wire.sent(&self.end.output.unsent()[kept..])?;
        self.check_put(event, &put, before)?;
        let unasked = matches!(event, Event::Peer(_) | Event::Deadline);
        if self.end.output.is_backed_up() && unasked {
            let close_at_most = put.iter().all(|frame| *frame == Sent::Close);
            ensure(close_at_most, "a peer that does not read fills memory")?;
        }
        written.extend(self.write()?);

        ensure(self.phase() >= before, "the closing handshake went back")?;
        let now = self.at(self.now);
        self.end.connection.limit_end(now);
        if self.phase() > Phase::Open {
            let deadline = *self.deadline.get_or_insert(now + 5 * SECOND);
            let expired = self.end.connection.expired().is_some();
            let expected = if expired { None } else { Some(deadline) };
            ensure(self.end.connection.poll_timeout() == expected, "the deadline was postponed")?;
        }
        Ok(())
    }

    fn check(mut self) -> Result<(), String> {
        let connection = &self.end.connection;
        let clean = connection.is_closed_cleanly();
        let has_close = connection.capabilities().close;
        ensure(!clean || connection.is_over(), "closed, and not over")?;
        ensure(!clean || self.peer_closed || !has_close, "clean without the peer's Close")?;
        ensure(!clean || self.close_sent || !has_close, "clean without our Close")?;
        ensure(connection.peer_reason().is_none() || self.peer_closed, "a reason from nowhere")?;
        ensure(connection.expired().is_none() || connection.is_over(), "expired, and not over")?;
        let answered_late = self.end.output.is_empty() && !self.stalled;
        ensure(!answered_late || connection.unanswered_ping.is_none(), "a ping is forgotten")?;
        // Whatever the state: if the peer falls silent, deadlines alone lead to the end.
        for _ in 0..PATIENCE {
            if self.end.connection.expired().is_some() {
                return Ok(());
            }
            self.step(Event::Deadline)?;
        }
        Err("it never ends".into())
    }

    fn fingerprint(&self) -> String {
        let mut state = format!(
            "{:?} {:02x?} {} {:?} {} {} {}",
            self.end.connection,
            self.end.output.unsent(),
            self.end.output.is_backed_up(),
            self.begun,
            self.stalled,
            self.peer_closed,
            self.close_sent,
        );
        // Times matter as far as they are away.
        for second in self.now.saturating_sub(HORIZON)..=self.now + HORIZON {
            let at = format!("{:?}", self.at(second));
            if state.contains(&at) {
                let away = i64::from(second) - i64::from(self.now);
                state = state.replace(&at, &format!("{away} s"));
            }
        }
        state
    }
}

/// Explores a draft, and makes sure that there was something to explore.
fn explore_alone(wire: Wire, least_states: usize) {
    let explored = explore(|| Alone::new(wire));
    assert!(explored.len() >= least_states, "{} states", explored.len());
    for state in ["Open", "Closed(", "Failed", "Expired(Dead)", "Expired(Closing)"] {
        let reached = explored.iter().any(|fingerprint| fingerprint.contains(state));
        assert!(reached, "no order of events leads to {state}");
    }
}

#[test]
fn every_order_of_events_keeps_the_rules_of_hybi() {
    explore_alone(Wire::Hybi, 30_000);
}

#[test]
fn every_order_of_events_keeps_the_rules_of_a_draft_with_a_close_alone() {
    explore_alone(Wire::CloseAlone, 400);
}

#[test]
fn every_order_of_events_keeps_the_rules_of_a_draft_with_texts_alone() {
    explore_alone(Wire::TextAlone, 200);
}
