//! Keep-alive and the idle limit.
//!
//! Nothing here reads a clock when a message comes: that a peer was heard is a flag, and the
//! flag is looked at once an interval.

use std::time::{Duration, Instant};

use crate::limits::Timeouts;

/// Why a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expired {
    /// Nothing was heard from the peer for too long, though it was pinged; or it took nothing
    /// of what was sent to it.
    Dead,
    /// The peer did not answer our Close.
    Closing,
}

impl std::fmt::Display for Expired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Expired::Dead => "the peer gave no sign of life and counts as dead",
            Expired::Closing => "the peer did not answer the closing handshake in time",
        })
    }
}

impl std::error::Error for Expired {}

// In memory, the flags that messages set come first.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Timers {
    heard: bool,
    active: bool,
    /// The peer was not given up because the look came late.
    excused: bool,
    missed: u32,
    missed_allowed: u32,
    interval: Option<Duration>,
    next_check: Option<Instant>,
    idle: Option<Duration>,
    next_idle_check: Option<Instant>,
    closing: Duration,
}

/// A look that is later than this says little about the peer: the process stood still, or had too
/// much to do, and its answer may be waiting to be read.
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

    pub(super) fn closing(&self) -> Duration {
        self.closing
    }

    /// Bytes came.
    #[inline]
    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    /// A data frame came.
    #[inline]
    pub(super) fn active(&mut self) {
        self.active = true;
    }

    pub(super) fn next(&self) -> Option<Instant> {
        match (self.next_check, self.next_idle_check) {
            (Some(check), Some(idle)) => Some(check.min(idle)),
            (check, idle) => check.or(idle),
        }
    }

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

/// Longer times are as good as for ever, and would leave the range of clocks.
fn bounded(time: Duration) -> Duration {
    time.min(crate::limits::LONGEST_TIMEOUT)
}
