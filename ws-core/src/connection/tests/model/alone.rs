//! A server's end between a peer that says anything, an application, a socket and a clock.

mod end;

use std::time::Duration;

use super::super::*;
use super::wire::{Said, Sent, Wire};
use super::{Model, ensure, explore};
use end::{Alone, Phase};

const SECOND: Duration = Duration::from_secs(1);
/// No deadline is further away, or longer past.
const HORIZON: u32 = 6;
/// With a silent peer the end comes within so many deadlines.
const PATIENCE: usize = 12;

#[derive(Debug, Clone, Copy)]
enum Event {
    Peer(Said),
    /// The peer is gone, or says no more.
    PeerEnds,
    Send,
    Ping,
    Close,
    /// What was received is refused by the application's side: a text that is not UTF-8.
    Refuse,
    /// The application takes no messages from now on.
    Busy,
    /// The application takes all that has come, and what is still to come.
    Take,
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

impl Model for Alone {
    type Event = Event;

    fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Ping, Event::Close, Event::NotListening, Event::FalseAlarm];
        events.push(if self.stalled { Event::Drain } else { Event::Stall });
        events.push(if self.busy { Event::Take } else { Event::Busy });
        if self.end.connection.unsent().is_empty() {
            // A writer waits while something else does.
            events.push(Event::Send);
        }
        if self.next.is_some() {
            events.push(Event::Deadline);
        }
        if !self.end.connection.is_over() {
            events.push(Event::Refuse);
        }
        if self.end.connection.has_input_ended() {
            return events;
        }
        events.push(Event::PeerEnds);
        if self.holds() {
            // Nothing is read until what came before is taken.
            return events;
        }
        for said in Said::ALL {
            let in_turn = (said == Said::OtherHalf) == self.begun.is_some();
            // Behind the end one word is like any other.
            let heard = !self.end.connection.is_over() || said == Said::Text;
            if in_turn && heard && self.wire.said(said, self.begun).is_some() {
                events.push(Event::Peer(said));
            }
        }
        events
    }

    fn step(&mut self, event: Event) -> Result<(), String> {
        let before = self.phase();
        let waited = self.end.connection.unsent().len();
        let mut written = Vec::new();
        match event {
            Event::Peer(said) => self.hear(said)?,
            Event::PeerEnds => {
                self.end.connection.end_of_input();
                ensure(self.phase() != Phase::CloseSent, "nobody is left who would answer")?;
            }
            Event::Send => {
                let sent = self.end.text("m");
                ensure(sent.is_ok() == (before == Phase::Open), "sent, or not, out of turn")?;
            }
            // While the socket is stalled an application may still ping; one is enough here.
            Event::Ping if waited > 0 => {}
            Event::Ping => {
                let pinged = self.end.connection.ping(b"");
                let may = before == Phase::Open && self.end.connection.capabilities().ping;
                ensure(pinged.is_ok() == may, "pinged, or not, out of turn")?;
            }
            Event::Close => {
                let reason = CloseReason::new(StatusCode::NORMAL, "");
                let now = self.at(self.now);
                self.end.connection.close(Some(reason), now);
                ensure(self.phase() > Phase::Open, "open behind our Close")?;
            }
            Event::Refuse => {
                self.end.connection.fail(ProtocolError::InvalidUtf8);
                self.owed = false;
            }
            Event::Busy => self.busy = true,
            Event::Take => {
                (self.busy, self.untaken) = (false, false);
                self.receive()?;
            }
            Event::NotListening => self.end.connection.not_listening(),
            Event::Stall => self.stalled = true,
            Event::Drain => {
                self.stalled = false;
                // What waited was checked when it was put.
                written = self.wire.sent(&self.end.sent())?;
            }
            Event::Deadline | Event::FalseAlarm => {
                if let (Event::Deadline, Some(at)) = (event, self.next) {
                    let second = (0..=HORIZON).find(|n| self.at(self.now + n) >= at);
                    self.now += second.ok_or("a deadline beyond all others")?;
                }
                let now = self.at(self.now);
                let expired = self.end.connection.handle_timeout(now);
                ensure(
                    expired.is_ok() == self.end.connection.expired().is_none()
                        || (before == Phase::Over && matches!(event, Event::FalseAlarm)),
                    "an end that is not told",
                )?;
                let next = self.end.connection.poll_timeout(|| now);
                let ahead =
                    next.is_none_or(|next| next > now) || matches!(event, Event::FalseAlarm);
                ensure(ahead, "the same deadline again")?;
            }
        }
        let kept = if matches!(event, Event::Drain) { 0 } else { waited };
        let put = self.wire.sent(&self.end.connection.unsent()[kept..])?;
        self.owed |= self.holds_violation();
        self.check_put(event, &put, before)?;
        let unasked = matches!(event, Event::Peer(_) | Event::Deadline);
        if self.end.connection.output.is_backed_up() && unasked {
            let close_at_most = put.iter().all(|frame| *frame == Sent::Close);
            ensure(close_at_most, "a peer that does not read fills memory")?;
        }
        written.extend(self.write()?);

        ensure(self.phase() >= before, "the closing handshake went back")?;
        let now = self.at(self.now);
        self.next = self.end.connection.poll_timeout(|| now);
        if self.phase() > Phase::Open {
            let deadline = *self.deadline.get_or_insert(now + 5 * SECOND);
            let expired = self.end.connection.expired().is_some();
            let expected = if expired { None } else { Some(deadline) };
            ensure(self.next == expected, "the deadline was postponed")?;
        }
        ensure(!self.holds() || self.untaken || self.owed, "an end is held for nothing")?;
        let patient = !self.holds() || self.phase() > Phase::Open;
        ensure(patient || self.next <= Some(now + SECOND), "an end is held for too long")?;
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
        let answered_late = connection.unsent().is_empty() && !self.stalled;
        let unanswered = connection.protocol.unanswered_ping.is_some();
        ensure(!answered_late || !unanswered, "a ping is forgotten")?;
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
        let Connection { protocol, input, assembler, output, .. } = &self.end.connection;
        let mut state = format!(
            "{:?} {:?} {:?} {} {:02x?} {} {:?} {:?}",
            protocol.closing,
            protocol.end,
            protocol.held_end,
            protocol.input_ended,
            output.unsent(),
            output.is_backed_up(),
            [self.stalled, self.peer_closed, self.close_sent],
            [self.busy, self.untaken, self.owed, self.broken],
        );
        // What is heard makes no difference when it is over, and when it is heard makes one only
        // as long as the connection is open.
        if self.phase() < Phase::Over {
            let received = (&protocol.codec, protocol.message, protocol.remaining);
            state.push_str(&format!("{received:?} {input:?} {assembler:?} {:?}", self.begun));
        }
        if self.phase() == Phase::Open {
            let kept = &protocol.unanswered_ping;
            state.push_str(&format!("{:?} {kept:?}", protocol.timers));
        }
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
    let held = match wire {
        Wire::TextAlone => "Violation(",
        Wire::Hybi | Wire::CloseAlone => "end: Close(",
    };
    let explored = explore(|| Alone::new(wire));
    assert!(explored.len() >= least_states, "{} states", explored.len());
    for state in ["Open", "Closed(", "Failed", "Expired(Dead)", "Expired(Closing)", held] {
        let reached = explored.iter().any(|fingerprint| fingerprint.contains(state));
        assert!(reached, "no order of events leads to {state}");
    }
}

#[test]
fn every_order_of_events_keeps_the_rules_of_hybi() {
    explore_alone(Wire::Hybi, 13_000);
}

#[test]
fn every_order_of_events_keeps_the_rules_of_a_draft_with_a_close_alone() {
    explore_alone(Wire::CloseAlone, 600);
}

#[test]
fn every_order_of_events_keeps_the_rules_of_a_draft_with_texts_alone() {
    explore_alone(Wire::TextAlone, 400);
}
