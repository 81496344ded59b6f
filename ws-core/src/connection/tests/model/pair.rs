//! Two ends and the bytes between them: both close cleanly, whichever end closes, and whenever.

use std::collections::VecDeque;

use super::super::*;
use super::{Model, ensure, explore};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Server,
    Client,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// A frame arrives at this side.
    Arrive(Side),
    /// All frames in transit to this side arrive at once.
    ArriveTogether(Side),
    /// The messages that have arrived are consumed.
    Take(Side),
    Send(Side),
    Ping(Side),
    Close(Side),
}

/// One end, how often it may still act, and the frames in transit to it.
struct Party {
    end: End,
    arriving: VecDeque<Vec<u8>>,
    sends: u8,
    pings: u8,
    closes: u8,
    received: u8,
    untaken: Vec<Batch>,
}

struct Pair {
    server: Party,
    client: Party,
}

impl Party {
    fn new(role: Role) -> Party {
        Party {
            end: End::new(codec(role), Timeouts::default()),
            arriving: VecDeque::new(),
            sends: 2,
            pings: 1,
            closes: 1,
            received: 0,
            untaken: Vec::new(),
        }
    }

    /// Receives bytes, and consumes no messages.
    fn receive(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.end.hear(bytes);
        self.go_on()
    }

    fn take(&mut self) -> Result<(), String> {
        for mut batch in std::mem::take(&mut self.untaken) {
            while let Some(message) = batch.lend() {
                message.map_err(|error| error.to_string())?;
                self.received += 1;
            }
        }
        self.go_on()
    }

    fn go_on(&mut self) -> Result<(), String> {
        loop {
            let untaken = match self.untaken.is_empty() {
                true => Untaken::Nothing,
                false => Untaken::Some,
            };
            if !self.end.connection.has_storage() {
                self.end.connection.lend(Batch::new(vec![0; STORAGE].into()));
            }
            match self.end.connection.receive_messages(untaken) {
                Ok(Received::Data(batch)) => self.untaken.push(batch),
                Ok(Received::Starved | Received::Held | Received::Closed) => return Ok(()),
                Ok(Received::Working) => return Err("there is no extension".into()),
                Err(error) => return Err(format!("the two do not agree: {error}")),
            }
        }
    }

    /// The payload that is not consumed. Each message has one byte.
    fn waiting(&self) -> usize {
        self.untaken.iter().map(Batch::payload_len).sum()
    }

    /// The frames that were sent, one by one.
    fn put(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let mut bytes = self.end.sent();
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let masked = bytes[1] & 0x80 != 0;
            let size = 2 + usize::from(bytes[1] & 0x7f) + if masked { 4 } else { 0 };
            ensure(size <= bytes.len(), "half a frame")?;
            let rest = bytes.split_off(size);
            frames.push(std::mem::replace(&mut bytes, rest));
        }
        Ok(frames)
    }

    fn fingerprint(&self) -> String {
        // Masking keys are random: the first byte identifies a frame.
        let arriving: Vec<_> = self.arriving.iter().map(|frame| frame[0]).collect();
        let connection = &self.end.connection;
        format!(
            "{:?} {:?} {} {arriving:02x?} {} {} {} {}",
            connection.protocol.closing,
            connection.protocol.held_end,
            self.waiting(),
            self.sends,
            self.pings,
            self.closes,
            self.received,
        )
    }
}

impl Pair {
    fn party(&mut self, side: Side) -> (&mut Party, &mut Party) {
        match side {
            Side::Server => (&mut self.server, &mut self.client),
            Side::Client => (&mut self.client, &mut self.server),
        }
    }
}

impl Model for Pair {
    type Event = Event;

    fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (side, party) in [(Side::Server, &self.server), (Side::Client, &self.client)] {
            let open = party.end.connection.is_open();
            let may = [
                (!party.arriving.is_empty(), Event::Arrive(side)),
                (party.arriving.len() > 1, Event::ArriveTogether(side)),
                (!party.untaken.is_empty(), Event::Take(side)),
                (open && party.sends > 0, Event::Send(side)),
                (open && party.pings > 0, Event::Ping(side)),
                (open && party.closes > 0, Event::Close(side)),
            ];
            events.extend(may.into_iter().filter_map(|(may, event)| may.then_some(event)));
        }
        events
    }

    fn step(&mut self, event: Event) -> Result<(), String> {
        let (Event::Arrive(side)
        | Event::ArriveTogether(side)
        | Event::Take(side)
        | Event::Send(side)
        | Event::Ping(side)
        | Event::Close(side)) = event;
        let (party, other) = self.party(side);
        match event {
            Event::Arrive(_) => {
                let frame = party.arriving.pop_front().unwrap_or_default();
                let over = party.end.connection.is_over();
                ensure(!over, "a frame after the peer's Close")?;
                party.receive(&frame)?;
            }
            Event::ArriveTogether(_) => {
                let frames: Vec<_> = party.arriving.drain(..).collect();
                party.receive(&frames.concat())?;
            }
            Event::Take(_) => party.take()?,
            Event::Send(_) => {
                party.sends -= 1;
                let sent = party.end.text("m");
                ensure(sent.is_ok(), "an open end does not send")?;
            }
            Event::Ping(_) => {
                party.pings -= 1;
                let pinged = party.end.connection.ping(b"");
                ensure(pinged.is_ok(), "an open end does not ping")?;
            }
            Event::Close(_) => {
                party.closes -= 1;
                let reason = CloseReason::new(CloseCode::NORMAL, "");
                party.end.connection.close(Some(reason), party.end.began);
            }
        }
        let frames = party.put()?;
        other.arriving.extend(frames);
        Ok(())
    }

    fn check(mut self) -> Result<(), String> {
        // From every state: if one end closes and everything arrives, both close cleanly and no
        // message is lost.
        if self.server.end.connection.is_open() && self.client.end.connection.is_open() {
            self.step(Event::Close(Side::Server))?;
        }
        loop {
            if !self.server.arriving.is_empty() {
                self.step(Event::Arrive(Side::Server))?;
            } else if !self.client.arriving.is_empty() {
                self.step(Event::Arrive(Side::Client))?;
            } else if !self.server.untaken.is_empty() {
                self.step(Event::Take(Side::Server))?;
            } else if !self.client.untaken.is_empty() {
                self.step(Event::Take(Side::Client))?;
            } else {
                break;
            }
        }
        for (party, other) in [(&self.server, &self.client), (&self.client, &self.server)] {
            ensure(party.end.connection.is_closed_cleanly(), "an end that is not clean")?;
            ensure(party.received == 2 - other.sends, "a message is lost")?;
        }
        Ok(())
    }

    fn fingerprint(&self) -> String {
        format!("{} | {}", self.server.fingerprint(), self.client.fingerprint())
    }
}

#[test]
fn both_ends_close_cleanly_whoever_begins_and_whatever_is_under_way() {
    let explored =
        explore(|| Pair { server: Party::new(Role::Server), client: Party::new(Role::Client) });
    assert!(explored.len() >= 15_000, "{} states", explored.len());
    assert!(explored.iter().any(|state| state.contains("end: Close(")), "no Close is held");
}
