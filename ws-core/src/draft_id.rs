//! The name of a version of the protocol.

/// The name of a draft, such as `rfc6455`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DraftId(&'static str);

impl DraftId {
    /// The ID of this name; by convention lower-case letters and digits.
    pub const fn new(name: &'static str) -> DraftId {
        DraftId(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl std::fmt::Display for DraftId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
