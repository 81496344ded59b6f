//! How the versions are told apart.

/// Whether `bytes` begin with `expected`: `None` while they are too few to know.
pub(super) fn begins_with(bytes: &[u8], expected: &[u8]) -> Option<bool> {
    let common = bytes.len().min(expected.len());
    if bytes[..common] != expected[..common] {
        return Some(false);
    }
    (common == expected.len()).then_some(true)
}
