//! How a connection is recognised by its first bytes.

/// How the bytes that have come compare to a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrefixMatch {
    /// They begin with it.
    Whole,
    /// They are the beginning of it.
    Partial,
    /// They differ from it.
    Mismatch,
}

impl PrefixMatch {
    pub(crate) fn of(bytes: &[u8], signature: &[u8]) -> PrefixMatch {
        let common = bytes.len().min(signature.len());
        if bytes[..common] != signature[..common] {
            PrefixMatch::Mismatch
        } else if common < signature.len() {
            PrefixMatch::Partial
        } else {
            PrefixMatch::Whole
        }
    }
}
