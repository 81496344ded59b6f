//! How far one side may refer back, and what a flush leaves behind.

use super::history::History;

/// The end of the empty block that a flush writes: not sent, and put back by the receiver.
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// How far one side may refer back, and whether into earlier messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) bits: u8,
    pub(super) context: Context,
}

impl Window {
    /// What may be kept between two messages, in bytes.
    pub(super) fn memory(self) -> usize {
        match self.context {
            Context::TakeOver => 1 << self.bits,
            Context::PerMessage => 0,
        }
    }

    pub(super) fn history(self) -> Option<History> {
        (self.context == Context::TakeOver).then(|| History::new(self.memory()))
    }
}

/// What becomes of the context, the text of earlier messages, when a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The next message may refer to it: better compression, for memory between messages.
    TakeOver,
    /// It is forgotten.
    PerMessage,
}

impl Context {
    pub(super) fn unless(self, forgotten: bool) -> Context {
        if forgotten { Context::PerMessage } else { self }
    }
}
