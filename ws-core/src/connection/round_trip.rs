//! Measuring the round-trip time, by a ping and its pong.

use super::Connection;
use super::send_error::SendError;

/// The ping that measures the round-trip time, if there is one. Its number is part of its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoundTrip {
    /// No ping is under way; the number of the last one.
    Idle(u8),
    /// The ping of this number has no pong yet.
    Pinged(u8),
    /// The pong to the ping of this number has arrived.
    Answered(u8),
}

impl RoundTrip {
    fn number(self) -> u8 {
        match self {
            RoundTrip::Idle(number) | RoundTrip::Pinged(number) | RoundTrip::Answered(number) => {
                number
            }
        }
    }

    /// Reports the payload of a pong.
    pub(super) fn pong(&mut self, pong: &[u8]) {
        if let RoundTrip::Pinged(number) = *self
            && pong == payload(number)
        {
            *self = RoundTrip::Answered(number);
        }
    }
}

/// The payload of the ping of this number: an application hardly sends the same.
fn payload(number: u8) -> [u8; 11] {
    let mut payload = *b"round-trip\0";
    payload[10] = number;
    payload
}

impl Connection {
    /// Sends a ping to measure the round-trip time (RFC 6455 §5.5.2). When several are sent, the
    /// last one counts: a peer need not answer the others (§5.5.3).
    ///
    /// # Errors
    /// [`SendError`], also when the draft has no ping.
    pub fn ping_round_trip(&mut self) -> Result<(), SendError> {
        let number = self.protocol.round_trip.number().wrapping_add(1);
        self.protocol.ping(&payload(number), &mut self.output)?;
        self.protocol.round_trip = RoundTrip::Pinged(number);
        Ok(())
    }

    /// Whether a ping of [`ping_round_trip`](Connection::ping_round_trip) has no pong yet.
    #[inline]
    pub fn awaits_round_trip(&self) -> bool {
        matches!(self.protocol.round_trip, RoundTrip::Pinged(_))
    }
}
