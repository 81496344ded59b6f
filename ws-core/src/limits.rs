//! What a peer may cost: sizes and times, each with its default.

use std::time::Duration;

/// The longest time that is waited for anything; what is set beyond it counts as this: 30 years.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// Sizes that a connection may reach, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest message that is assembled; 1 MiB. Byte streams pass messages on as they
    /// arrive and are not bound by it.
    pub message: usize,
    /// The longest single frame, whether assembled or passed on; 16 MiB. Memory never follows
    /// it: payloads are handed on as they arrive.
    pub frame: u64,
    /// How much may wait to be sent before writers wait; 256 KiB. The message that goes beyond
    /// it is taken whole, so what waits is bounded by this and one message.
    pub send_buffer: usize,
    /// How much is read ahead of what a service does not receive, so that pings and a Close behind
    /// it are answered; 64 KiB. The message that goes beyond it is taken whole; then the peer
    /// waits.
    pub read_ahead: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message: 1 << 20, frame: 16 << 20, send_buffer: 256 << 10, read_ahead: 64 << 10 }
    }
}

/// Times after which a connection is given up. Each is one absolute deadline: no byte that
/// arrives postpones it, unless it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the accepted connection to the end of the opening handshake; 10 s.
    pub opening: Duration,
    /// From the first Close frame to the end of the connection; 5 s. A peer that still takes what
    /// was sent before the Close has longer: as long as that needs at 128 KiB a second.
    pub closing: Duration,
    /// How long a connection may go without a data frame from the peer before it is closed;
    /// none. It is looked at once in that time, so the limit is met between one and two
    /// times it.
    pub idle: Option<Duration>,
    /// Pings, and how soon a silent peer counts as dead.
    pub keepalive: Keepalive,
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

/// How a connection without traffic is kept alive.
///
/// A sign of life is any byte that comes. While bytes wait that the peer's socket does not
/// take, it is the taking alone: who talks and never reads is given up too.
///
/// Drafts without ping (hixie-75, hixie-76) cannot be asked for a sign of life. A peer that
/// does not take what is sent to it is found there as well; for one that is silent there are
/// the keep-alive of TCP and [`Timeouts::idle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// How often it is looked at whether the peer gave a sign of life since the last look;
    /// 30 s. If it did not, a ping is sent: between one and two intervals after the last
    /// byte. `None` sends none and never gives up.
    pub interval: Option<Duration>,
    /// With which interval in a row without a sign of life the peer counts as dead; 2, so that
    /// the connection ends between 60 and 90 s after the last one.
    pub missed: u32,
}

impl Default for Keepalive {
    fn default() -> Keepalive {
        Keepalive { interval: Some(Duration::from_secs(30)), missed: 2 }
    }
}
