//! The PROXY protocol before a request: the outcome is the same in slices as whole, and a request
//! without it is never answered.

use crate::drafts::Spoken;
use crate::server::{Kind, converse};
use crate::slices::Slices;

/// Sends the input as a proxy, and after it a request.
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
