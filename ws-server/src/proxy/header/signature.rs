//! How the versions are told apart.

/// What a connection begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// The signature.
    Signature,
    /// The first bytes of it, as far as they have come.
    Unfinished,
    /// Something else.
    Other,
}

impl Beginning {
    pub(super) fn of(bytes: &[u8], signature: &[u8]) -> Beginning {
        let common = bytes.len().min(signature.len());
        if bytes[..common] != signature[..common] {
            Beginning::Other
        } else if common < signature.len() {
            Beginning::Unfinished
        } else {
            Beginning::Signature
        }
    }
}
