//! The PROXY protocol in front of a request: the same in slices as whole, and never a request
//! without it.

use crate::drafts::Spoken;
use crate::server::{Kind, converse};
use crate::slices::Slices;

/// Begins a connection from a proxy with the input, and goes on with a request.
pub fn run(data: &[u8]) {
    let slices = Slices::read(data);
    let mut wire = slices.bytes.to_vec();
    wire.extend(Spoken::pick(0).request(""));
    let whole = converse(Kind::ProxyHeader, &[&wire]);
    let cut = converse(Kind::ProxyHeader, &slices.of(&wire));
    assert!(whole == cut, "{} and {}", whole.escape_ascii(), cut.escape_ascii());
    let header = wire.starts_with(b"PROXY ") || wire.starts_with(b"\r\n\r\n\0\r\nQUIT\n");
    assert!(header || whole.is_empty(), "a connection without a header is answered");
}
