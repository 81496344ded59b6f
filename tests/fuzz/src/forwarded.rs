//! The fields of proxies: parsed or refused from a trusted proxy, and ignored from other clients.

use crate::drafts::Spoken;
use crate::server::{Kind, converse};

const NAMES: [&str; 4] = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];

/// Sends the input as fields: lines whose first byte selects the name.
pub fn run(data: &[u8]) {
    let mut fields = Vec::new();
    for line in data.split(|byte| *byte == b'\n').take(8) {
        let Some((pick, value)) = line.split_first() else { continue };
        fields.extend_from_slice(NAMES[usize::from(*pick) % NAMES.len()].as_bytes());
        fields.extend_from_slice(b": ");
        fields.extend(value.iter().filter(|byte| !byte.is_ascii_control()));
        fields.extend_from_slice(b"\r\n");
    }
    let plain = Spoken::pick(0).request("");
    let mut request = plain[..plain.len() - 2].to_vec();
    request.extend(fields);
    request.extend_from_slice(b"\r\n");

    let trusting = converse(Kind::Trusting, &[&request]);
    let known = [&b"HTTP/1.1 101 "[..], b"HTTP/1.1 400 ", b"HTTP/1.1 403 ", b"HTTP/1.1 431 "];
    assert!(known.iter().any(|status| trusting.starts_with(status)), "{}", trusting.escape_ascii());
    if request.len() < 16 * 1024 {
        let untrusting = converse(Kind::Messages, &[&request]);
        assert_eq!(untrusting, converse(Kind::Messages, &[&plain]), "an untrusted field is used");
    }
}
