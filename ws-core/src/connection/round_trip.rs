//! Measuring the round-trip time, by pings and their pongs.

use super::Connection;
use super::send_error::SendError;

/// The pings that measure the round-trip time. The payload of each has a number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RoundTrips {
    /// The number of the last ping; numbers wrap.
    pinged: u8,
    /// The latest ping that was answered: at most as many before `pinged` as there are numbers.
    answered: u8,
    /// Whether `answered` has changed since this was last asked.
    news: bool,
}

impl RoundTrips {
    /// Reports the payload of a pong. It also answers the pings before its own: a peer need only
    /// answer the latest one (RFC 6455 §5.5.3).
    pub(super) fn pong(&mut self, pong: &[u8]) {
        let number = match pong {
            [prefix @ .., number] if prefix == PREFIX => *number,
            _ => return,
        };
        let under_way = self.pinged.wrapping_sub(self.answered);
        if (1..=under_way).contains(&number.wrapping_sub(self.answered)) {
            self.answered = number;
            self.news = true;
        }
    }

    /// Whether the ping of this number is answered.
    fn is_answered(self, number: u8) -> bool {
        self.answered.wrapping_sub(number) < 0x80
    }
}

/// The beginning of the payload of these pings: an application hardly sends the same.
const PREFIX: &[u8] = b"round-trip\0";

impl Connection {
    /// Sends a ping to measure the round-trip time (RFC 6455 §5.5.2). Returns its number.
    ///
    /// # Errors
    /// [`SendError`], also when the draft has no ping.
    pub fn ping_round_trip(&mut self) -> Result<u8, SendError> {
        let round_trips = &mut self.protocol.round_trips;
        let number = round_trips.pinged.wrapping_add(1);
        self.protocol.ping(&[PREFIX, &[number]].concat(), &mut self.output)?;
        self.protocol.round_trips.pinged = number;
        Ok(number)
    }

    /// Whether the pong to the ping of this number has arrived, or to a later one. Numbers are used
    /// again: true for 128 further pings.
    pub fn is_round_trip_answered(&self, number: u8) -> bool {
        self.protocol.round_trips.is_answered(number)
    }

    /// Whether the pong to such a ping has arrived since the last call.
    #[inline]
    pub fn take_round_trip_news(&mut self) -> bool {
        std::mem::take(&mut self.protocol.round_trips.news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pong(number: u8) -> Vec<u8> {
        [PREFIX, &[number]].concat()
    }

    #[test]
    fn a_pong_answers_its_ping_and_those_before() {
        for first in [0_u8, 100, 254] {
            let (one, two, three) = (first, first.wrapping_add(1), first.wrapping_add(2));
            let mut pings =
                RoundTrips { pinged: three, answered: first.wrapping_sub(1), news: false };
            pings.pong(&pong(two));
            assert!(pings.news);
            assert_eq!(
                [one, two, three].map(|number| pings.is_answered(number)),
                [true, true, false]
            );
            pings.pong(&pong(three));
            assert!(pings.is_answered(three));
        }
    }

    #[test]
    fn a_pong_to_no_ping_answers_nothing() {
        let mut pings = RoundTrips { pinged: 3, answered: 2, news: false };
        for payload in [&pong(2)[..], &pong(4), b"", b"\x03", b"round-trip\0", b"other\x03"] {
            pings.pong(payload);
            assert!(!pings.is_answered(3) && !pings.news, "{payload:?}");
        }
    }
}
