//! The results of the clients, summed up.

use std::collections::BTreeMap;
use std::fmt;

/// Counts by name.
type Counts = BTreeMap<&'static str, u64>;

/// What one client, or all of them, did.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// Connections that were opened, by draft.
    pub(crate) opened: Counts,
    /// How clients disconnected or were closed, each with the required response.
    pub(crate) endings: Counts,
    pub(crate) over_tls: u64,
    pub(crate) through_gateway: u64,
    pub(crate) sent: Traffic,
    /// The part that was echoed and compared.
    pub(crate) echoed: Traffic,
    pub(crate) pings: u64,
    pub(crate) stops_reading: u64,
}

/// Messages and bytes of payload in one direction.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Traffic {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Traffic {
    pub(crate) fn count(&mut self, messages: u64, bytes: usize) {
        self.messages += messages;
        self.bytes += bytes as u64;
    }

    fn add(&mut self, other: Traffic) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Tally) {
        for (all, some) in [(&mut self.opened, &other.opened), (&mut self.endings, &other.endings)]
        {
            for (name, count) in some {
                *all.entry(name).or_default() += count;
            }
        }
        self.over_tls += other.over_tls;
        self.through_gateway += other.through_gateway;
        self.sent.add(other.sent);
        self.echoed.add(other.echoed);
        self.pings += other.pings;
        self.stops_reading += other.stops_reading;
    }

    /// How many connections there were, opened or refused.
    pub(crate) fn lives(&self) -> u64 {
        self.endings.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opened: u64 = self.opened.values().sum();
        writeln!(f, "{:>12}  clients connected and disconnected", self.lives())?;
        writeln!(f, "{opened:>12}  opened a WebSocket, of them")?;
        for (name, count) in &self.opened {
            writeln!(f, "{count:>16}  {name}")?;
        }
        writeln!(f, "{:>16}  with TLS", self.over_tls)?;
        writeln!(f, "{:>16}  through the gateway", self.through_gateway)?;
        for (what, traffic) in [("sent", self.sent), ("echoed", self.echoed)] {
            let (messages, bytes) = (traffic.messages, traffic.bytes);
            writeln!(f, "{messages:>12}  messages, {bytes} bytes, {what}")?;
        }
        writeln!(f, "{:>12}  pings were answered", self.pings)?;
        writeln!(f, "{:>12}  times a client read nothing for seconds", self.stops_reading)?;
        writeln!(f, "{:>12}  endings were as required, of them", self.lives())?;
        for (name, count) in &self.endings {
            writeln!(f, "{count:>16}  {name}")?;
        }
        Ok(())
    }
}
