//! Requests, responses and frames of the HyBi family for the checks.

use super::super::{Heard, read_every_way};
use crate::draft::{Draft, Grant};
use crate::head::{HeadReader, RequestHead};
use crate::limits::Limits;
use crate::registry::Drafts;
use crate::rejection::Rejection;
use crate::role::Role;

/// The key of the example of RFC 6455 (§1.3).
pub const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

/// The request of the example of RFC 6455 in the version of `draft`, with these lines instead of
/// its key.
pub fn request(draft: &'static dyn Draft, lines: &[&str]) -> RequestHead {
    request_for(draft, "/chat", lines)
}

pub(super) fn request_for(draft: &'static dyn Draft, target: &str, lines: &[&str]) -> RequestHead {
    let version = draft.version().expect("a draft of the family has a version");
    let mut text = format!(
        "GET {target} HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
         Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: {version}\r\n"
    );
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    let (_, head) = HeadReader::new().push(text.as_bytes()).expect("a head");
    head.expect("a whole head")
}

/// The head of the 101 response, with the first subprotocol that is offered.
///
/// # Errors
/// The [`Rejection`] that is sent instead.
pub fn respond(draft: &'static dyn Draft, lines: &[&str]) -> Result<String, Rejection> {
    respond_to(draft, &request(draft, lines))
}

pub(super) fn respond_to(
    draft: &'static dyn Draft,
    head: &RequestHead,
) -> Result<String, Rejection> {
    let selected = Drafts::none().with(draft, 1).expect("one draft").select(head)?;
    let offer = selected.offer(head)?;
    let grant = Grant::default().with_subprotocol(offer.subprotocols.first().copied());
    let mut wire = Vec::new();
    selected.respond(head, &grant)?.write(&mut wire).expect("a head that can be written");
    Ok(String::from_utf8(wire).expect("an ASCII head"))
}

/// Decodes a stream of frames; see [`read_every_way`].
pub fn hear(draft: &'static dyn Draft, role: Role, wire: &[u8]) -> Heard {
    read_every_way(|| draft.codec(role, &Limits::default()), wire)
}

/// A client's frame with this first byte and payload, and a masking key of zeros.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).ok().filter(|len| *len < 126).expect("a short payload");
    [&[first, 0x80 | len, 0, 0, 0, 0], payload].concat()
}
