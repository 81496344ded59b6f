//! What happens while nobody receives.

/// What has happened to a connection while nobody received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum News {
    /// Nothing that anybody is to know.
    Nothing,
    /// Something has come.
    Received,
    /// It is not as it was: its end has begun, or a deadline has passed.
    Changed,
}
