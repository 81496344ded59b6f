//! The outcome of decoding a stream.

use ws_core::Message;

/// What was decoded and answered, in order, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The messages that were delivered.
    pub(crate) messages: Vec<Message>,
    /// The payloads of the pongs that were written.
    pub(crate) pongs: Vec<Vec<u8>>,
    /// How the stream ended.
    pub(crate) end: End,
}

/// How a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Not at all: it waits for more bytes.
    Waiting,
    /// By the client's Close, with its code and text.
    Closed(Option<(u16, String)>),
    /// By an error of the client, with the status code for it (RFC 6455 §7.4.1).
    Failed(u16),
}
