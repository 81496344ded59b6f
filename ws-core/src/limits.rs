//! Limits on what a peer may cost: sizes and times, each with its default.

use std::time::Duration;

/// The longest timeout: 30 years. A longer one is replaced by it.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// Size limits of a connection, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest message that is reassembled; the default is 1 MiB. Byte streams pass messages on
    /// as they arrive, and are not limited by it.
    pub message: usize,
    /// The longest payload of a frame, whether it is reassembled or passed on; the default is
    /// 16 MiB. No memory is reserved for it: a payload is processed as it arrives.
    pub frame: u64,
    /// How many bytes may wait to be sent before writers wait; the default is 256 KiB. A message
    /// that exceeds it is accepted whole, so that this and one message is the most that waits.
    pub send_buffer: usize,
    /// How many bytes are read ahead of what the service has received, so that a ping or a Close
    /// after them is answered; the default is 64 KiB. A message that exceeds it is accepted whole;
    /// then nothing more is read until the service receives.
    pub read_ahead: usize,
}

impl Limits {
    /// These limits, with another [`message`](Limits::message).
    #[must_use]
    pub const fn with_message(self, bytes: usize) -> Limits {
        Limits { message: bytes, ..self }
    }

    /// These limits, with another [`frame`](Limits::frame).
    #[must_use]
    pub const fn with_frame(self, bytes: u64) -> Limits {
        Limits { frame: bytes, ..self }
    }

    /// These limits, with another [`send_buffer`](Limits::send_buffer).
    #[must_use]
    pub const fn with_send_buffer(self, bytes: usize) -> Limits {
        Limits { send_buffer: bytes, ..self }
    }

    /// These limits, with another [`read_ahead`](Limits::read_ahead).
    #[must_use]
    pub const fn with_read_ahead(self, bytes: usize) -> Limits {
        Limits { read_ahead: bytes, ..self }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message: 1 << 20, frame: 16 << 20, send_buffer: 256 << 10, read_ahead: 64 << 10 }
    }
}

/// Timeouts of a connection. Each is an absolute deadline: received bytes do not postpone it,
/// unless it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the accepted connection to the end of the opening handshake; the default is 10 s.
    pub opening: Duration,
    /// From the first Close frame to the end of the TCP connection; the default is 5 s. A peer that
    /// still receives what was sent before the Close has longer: as long as that takes at 128 KiB
    /// per second.
    pub closing: Duration,
    /// How long a connection may be without a data frame from the peer before it is closed; by
    /// default there is no limit. It is checked once in that time, so that the connection is closed
    /// after one to two times the limit.
    pub idle: Option<Duration>,
    /// Pings, and when a silent peer counts as dead.
    pub keepalive: Keepalive,
}

impl Timeouts {
    /// These timeouts, with another [`opening`](Timeouts::opening).
    #[must_use]
    pub const fn with_opening(self, time: Duration) -> Timeouts {
        Timeouts { opening: time, ..self }
    }

    /// These timeouts, with another [`closing`](Timeouts::closing).
    #[must_use]
    pub const fn with_closing(self, time: Duration) -> Timeouts {
        Timeouts { closing: time, ..self }
    }

    /// These timeouts, with another [`idle`](Timeouts::idle).
    #[must_use]
    pub const fn with_idle(self, time: Option<Duration>) -> Timeouts {
        Timeouts { idle: time, ..self }
    }

    /// These timeouts, with another [`keepalive`](Timeouts::keepalive).
    #[must_use]
    pub const fn with_keepalive(self, keepalive: Keepalive) -> Timeouts {
        Timeouts { keepalive, ..self }
    }
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            opening: Duration::from_secs(10),
            closing: Duration::from_secs(5),
            idle: None,
            keepalive: Keepalive::default(),
        }
    }
}

/// Keep-alive: how a dead peer is detected.
///
/// A sign of life is any received byte. While bytes wait to be sent because the socket would block,
/// only progress in sending counts: a peer that sends and never reads is dropped, too.
///
/// Peers of drafts without ping (hixie-75, hixie-76) cannot be asked for a sign of life. There,
/// only a peer that does not read is detected; against a silent one there are TCP keep-alive and
/// [`Timeouts::idle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// The time between two checks for a sign of life since the last check; the default is 30 s.
    /// If there was none, a ping is sent: one to two intervals after the last byte. With `None`
    /// there are no pings, and no peer counts as dead.
    pub interval: Option<Duration>,
    /// After how many checks in a row without a sign of life the peer counts as dead; the default
    /// is 2, so that the connection ends 60 to 90 s after the last one.
    pub missed: u32,
}

impl Keepalive {
    /// This keep-alive, with another [`interval`](Keepalive::interval).
    #[must_use]
    pub const fn with_interval(self, time: Option<Duration>) -> Keepalive {
        Keepalive { interval: time, ..self }
    }

    /// This keep-alive, with another [`missed`](Keepalive::missed).
    #[must_use]
    pub const fn with_missed(self, checks: u32) -> Keepalive {
        Keepalive { missed: checks, ..self }
    }
}

impl Default for Keepalive {
    fn default() -> Keepalive {
        Keepalive { interval: Some(Duration::from_secs(30)), missed: 2 }
    }
}
