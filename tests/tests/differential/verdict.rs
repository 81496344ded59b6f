//! What an implementation made of a stream.

use ws_core::Message;

/// What came out, in order, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The messages that were delivered.
    pub(crate) messages: Vec<Message>,
    /// The payloads of the pongs that were written.
    pub(crate) pongs: Vec<Vec<u8>>,
    /// The end.
    pub(crate) end: End,
}

/// How a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// More bytes are waited for.
    Waiting,
    /// By the client's Close, with its code and text.
    Closed(Option<(u16, String)>),
    /// By an error of the client's; the status code that is due for it (RFC 6455 §7.4.1).
    Failed(u16),
}
