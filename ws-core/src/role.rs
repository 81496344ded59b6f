//! The two ends of a connection.

/// Which end of the connection a codec serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The end that accepted the connection.
    Server,
    /// The end that opened it; in the later drafts it masks what it sends.
    Client,
}
