//! Recognising a protocol by the first bytes of a connection.

/// How the received bytes compare to a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrefixMatch {
    /// They begin with the whole signature.
    Whole,
    /// They are a prefix of the signature: more bytes are needed.
    Partial,
    /// They differ from the signature.
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
