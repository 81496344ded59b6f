//! Keep-alive and the idle limit.
//!
//! No clock is read when a message arrives: it only sets a flag, and the flag is checked once an
//! interval.

use std::time::{Duration, Instant};

use crate::limits::Timeouts;

/// The deadline that a connection has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expired {
    /// Nothing was received from the peer for too long, although it was pinged; or it read nothing
    /// of what was sent to it.
    Dead,
    /// The connection did not end in time after the first Close.
    Closing,
}

impl std::fmt::Display for Expired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Expired::Dead => "the peer gave no sign of life and counts as dead",
            Expired::Closing => "the peer did not complete the closing handshake in time",
        })
    }
}

impl std::error::Error for Expired {}

/// The timers of a connection. All durations are at most `LONGEST_TIMEOUT`.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Timers {
    // hot: set by each message.
    /// Whether the peer gave a sign of life since the last keep-alive check.
    heard: bool,
    /// Whether a data frame arrived since the last idle check.
    active: bool,
    // cold: used once an interval.
    /// Whether the peer was kept once although it had missed too many checks, because the check
    /// came late. Reset by a sign of life.
    excused: bool,
    /// How many keep-alive checks in a row found no sign of life.
    missed: u32,
    /// With which such check the peer counts as dead.
    missed_allowed: u32,
    /// The time between two keep-alive checks.
    interval: Option<Duration>,
    /// The next keep-alive check; `Some` exactly when `interval` is.
    next_check: Option<Instant>,
    /// The time between two idle checks.
    idle: Option<Duration>,
    /// The next idle check; `Some` exactly when `idle` is.
    next_idle_check: Option<Instant>,
    /// The time from the first Close to the end of the TCP connection.
    closing: Duration,
}

/// A check that is later than this says little about the peer: the process was suspended or
/// overloaded, and an answer may be in the socket's receive buffer.
const LATE: Duration = Duration::from_millis(250);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    CloseIdle,
}

impl Timers {
    pub(super) fn new(timeouts: Timeouts, now: Instant) -> Timers {
        let interval = timeouts.keepalive.interval.map(bounded);
        let idle = timeouts.idle.map(bounded);
        Timers {
            closing: bounded(timeouts.closing),
            interval,
            missed_allowed: timeouts.keepalive.missed,
            idle,
            next_check: interval.map(|interval| now + interval),
            next_idle_check: idle.map(|idle| now + idle),
            heard: false,
            active: false,
            missed: 0,
            excused: false,
        }
    }

    /// The time that the closing deadline allows.
    pub(super) fn closing(&self) -> Duration {
        self.closing
    }

    /// Reports a sign of life of the peer.
    #[inline]
    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    /// Reports a data frame.
    #[inline]
    pub(super) fn active(&mut self) {
        self.active = true;
    }

    /// The time of the next check, if there is one.
    pub(super) fn next(&self) -> Option<Instant> {
        match (self.next_check, self.next_idle_check) {
            (Some(check), Some(idle)) => Some(check.min(idle)),
            (check, idle) => check.or(idle),
        }
    }

    /// Makes the checks that are due at `now`, and returns what to do.
    ///
    /// # Errors
    /// [`Expired::Dead`] when too many checks in a row found no sign of life.
    pub(super) fn due(&mut self, now: Instant) -> Result<Due, Expired> {
        if let (Some(idle), Some(at)) = (self.idle, self.next_idle_check)
            && now >= at
        {
            if !std::mem::take(&mut self.active) {
                return Ok(Due::CloseIdle);
            }
            self.next_idle_check = Some(now + idle);
        }
        let (Some(interval), Some(at)) = (self.interval, self.next_check) else {
            return Ok(Due::Nothing);
        };
        if now < at {
            return Ok(Due::Nothing);
        }
        self.next_check = Some(now + interval);
        if std::mem::take(&mut self.heard) {
            self.missed = 0;
            self.excused = false;
            return Ok(Due::Nothing);
        }
        self.missed += 1;
        if self.missed < self.missed_allowed {
            return Ok(Due::Ping);
        }
        let late = now - at > LATE;
        if late && !std::mem::replace(&mut self.excused, true) {
            return Ok(Due::Ping);
        }
        Err(Expired::Dead)
    }
}

/// Limits a duration. Longer ones mean never in practice, and would overflow an [`Instant`].
fn bounded(time: Duration) -> Duration {
    time.min(crate::limits::LONGEST_TIMEOUT)
}
