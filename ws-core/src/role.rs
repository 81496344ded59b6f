//! The two ends of a connection.

/// The end of the connection that a codec is for. Exhaustive: a connection has two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The end that accepted the connection.
    Server,
    /// The end that opened it; in the later drafts it masks what it sends.
    Client,
}
