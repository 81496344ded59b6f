//! A server's end with a peer that sends anything, an application, a socket and a clock.

mod end;

use std::time::Duration;

use super::super::*;
use super::wire::{Said, Sent, Wire};
use super::{Model, ensure, explore};
use end::{Phase, Single};

const SECOND: Duration = Duration::from_secs(1);
/// No deadline is more seconds in the future or in the past.
const HORIZON: u32 = 6;
/// With a silent peer the connection ends within this many deadlines.
const PATIENCE: usize = 12;

#[derive(Debug, Clone, Copy)]
enum Event {
    Peer(Said),
    /// The peer's side of the TCP connection ends.
    PeerEnds,
    Send,
    Ping,
    Close,
    /// The caller fails the connection: a received text is not UTF-8.
    Refuse,
    /// The application consumes no messages from now on.
    Busy,
    /// The application consumes all messages that have arrived, and those that will.
    Take,
    /// The socket is not read, because earlier messages are not consumed.
    NotListening,
    /// The socket blocks from now on.
    Stall,
    /// The socket accepts everything again.
    Drain,
    /// The next deadline passes.
    Deadline,
    /// The timer fires early.
    FalseAlarm,
}

impl Model for Single {
    type Event = Event;

    fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Ping, Event::Close, Event::NotListening, Event::FalseAlarm];
        events.push(if self.stalled { Event::Drain } else { Event::Stall });
        events.push(if self.busy { Event::Take } else { Event::Busy });
        if self.end.connection.unsent().is_empty() {
            // A writer waits while anything is unsent.
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
            // Nothing is read until earlier messages are consumed.
            return events;
        }
        for said in Said::ALL {
            let in_turn = (said == Said::OtherHalf) == self.begun.is_some();
            // After the end, all input is alike.
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
                ensure(self.phase() != Phase::CloseSent, "the peer cannot answer our Close")?;
            }
            Event::Send => {
                let sent = self.end.text("m");
                ensure(
                    sent.is_ok() == (before == Phase::Open),
                    "a message is sent exactly while open",
                )?;
            }
            // While the socket is stalled an application may still ping; one is enough here.
            Event::Ping if waited > 0 => {}
            Event::Ping => {
                let pinged = self.end.connection.ping(b"");
                let may = before == Phase::Open && self.end.connection.capabilities().ping;
                ensure(pinged.is_ok() == may, "a ping is sent exactly while open")?;
            }
            Event::Close => {
                let reason = CloseReason::new(CloseCode::NORMAL, "");
                let now = self.at(self.now);
                self.end.connection.close(Some(reason), now);
                ensure(self.phase() > Phase::Open, "open after our Close")?;
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
                // What waited was checked when it was appended.
                written = self.wire.sent(&self.end.sent())?;
            }
            Event::Deadline | Event::FalseAlarm => {
                if let (Event::Deadline, Some(at)) = (event, self.next) {
                    let second = (0..=HORIZON).find(|n| self.at(self.now + n) >= at);
                    self.now += second.ok_or("a deadline beyond the horizon")?;
                }
                let now = self.at(self.now);
                let expired = self.end.connection.handle_timeout(now);
                ensure(
                    expired.is_ok() == self.end.connection.expired().is_none()
                        || (before == Phase::Over && matches!(event, Event::FalseAlarm)),
                    "an expired deadline is not reported",
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

        ensure(self.phase() >= before, "the closing handshake went backwards")?;
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
        ensure(!answered_late || !unanswered, "a ping is not answered")?;
        // From every state: if the peer falls silent, deadlines lead to the end.
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
        // Input makes no difference after the end, and its time makes one only while the
        // connection is open.
        if self.phase() < Phase::Over {
            let received = (&protocol.codec, protocol.message, protocol.remaining);
            state.push_str(&format!("{received:?} {input:?} {assembler:?} {:?}", self.begun));
        }
        if self.phase() == Phase::Open {
            let kept = &protocol.unanswered_ping;
            state.push_str(&format!("{:?} {kept:?}", protocol.timers));
        }
        // Times matter only relative to now.
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

/// Explores a draft, and checks that all kinds of states were reached.
fn explore_single(wire: Wire, least_states: usize) {
    let held = match wire {
        Wire::TextAlone => "Violation(",
        Wire::Hybi | Wire::CloseAlone => "end: Close(",
    };
    let explored = explore(|| Single::new(wire));
    assert!(explored.len() >= least_states, "{} states", explored.len());
    for state in ["Open", "Closed(", "Failed", "Expired(Dead)", "Expired(Closing)", held] {
        let reached = explored.iter().any(|fingerprint| fingerprint.contains(state));
        assert!(reached, "no order of events leads to {state}");
    }
}

#[test]
fn every_order_of_events_keeps_the_rules_of_hybi() {
    explore_single(Wire::Hybi, 13_000);
}

#[test]
fn every_order_of_events_keeps_the_rules_of_a_draft_with_only_a_close() {
    explore_single(Wire::CloseAlone, 600);
}

#[test]
fn every_order_of_events_keeps_the_rules_of_a_draft_with_only_texts() {
    explore_single(Wire::TextAlone, 400);
}
