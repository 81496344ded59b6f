//! The LZ77 window and the context of one side.

use super::history::History;

/// The end of the empty block that a flush writes: removed by the sender, and appended again by the
/// receiver (RFC 7692 §7.2.1, §7.2.2).
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// How far the messages of one side may refer back, and whether to earlier messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// The size of the window, as a power of two; from 8 to 15.
    pub(super) bits: u8,
    pub(super) context: Context,
}

impl Window {
    /// The most memory that is kept between two messages, in bytes.
    pub(super) fn memory(self) -> usize {
        match self.context {
            Context::TakeOver => 1 << self.bits,
            Context::PerMessage => 0,
        }
    }

    /// An empty context; `None` without context takeover.
    pub(super) fn history(self) -> Option<History> {
        (self.context == Context::TakeOver).then(|| History::new(self.memory()))
    }
}

/// What happens to the context, the last bytes of earlier messages, when a message ends
/// (RFC 7692 §7.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Context {
    /// The next message may refer to it: better compression, at the cost of memory between
    /// messages.
    TakeOver,
    /// It is discarded.
    PerMessage,
}

impl Context {
    pub(super) fn unless(self, forgotten: bool) -> Context {
        if forgotten { Context::PerMessage } else { self }
    }
}
