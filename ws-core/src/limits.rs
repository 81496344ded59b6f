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
    /// How much may wait to be sent before writers wait; 256 KiB.
    pub send_buffer: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message: 1 << 20, frame: 16 << 20, send_buffer: 256 << 10 }
    }
}

/// Times after which a connection is given up. Each is one absolute deadline: no byte that
/// arrives postpones it, unless it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the accepted connection to the end of the opening handshake; 10 s.
    pub opening: Duration,
    /// From the first Close frame to the end of the connection; 5 s.
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
/// Drafts without ping (hixie-75, hixie-76) cannot be asked for a sign of life; there the
/// keep-alive of TCP and [`Timeouts::idle`] find a dead peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// A ping is sent when nothing was received for this long; 30 s. `None` sends none and
    /// never gives up.
    pub interval: Option<Duration>,
    /// How many intervals in a row may pass without a byte before the peer counts as dead; 2,
    /// so that 60 s of silence after the last sign of life end the connection.
    pub missed: u32,
}

impl Default for Keepalive {
    fn default() -> Keepalive {
        Keepalive { interval: Some(Duration::from_secs(30)), missed: 2 }
    }
}
