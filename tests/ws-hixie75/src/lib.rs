//! draft-hixie-thewebsocketprotocol-75: Chrome 4 and 5, Safari 5.0.0.
//!
//! It is an example of a third-party crate that adds a version of the protocol: it depends only on
//! `ws-core`, implements [`Draft`] and [`Codec`](ws_core::Codec), and registers itself. A program
//! that links the crate supports the draft, and only has to name it once:
//!
//! ```
//! use ws_hixie75 as _;
//!
//! let drafts = ws_core::Drafts::registered()?;
//! assert!(drafts.iter().any(|draft| draft.id().as_str() == "hixie75"));
//! # Ok::<(), ws_core::DuplicateDraft>(())
//! ```
//!
//! The draft has no key and no challenge: everything that can send a `GET` with `Upgrade` is
//! accepted as a client. Link it only for clients that you know.

mod codec;

use ws_core::head::{Fields, RequestHead, ResponseHead};
use ws_core::{
    CodecBox, Detection, Draft, DraftId, Grant, Limits, Offer, Rejection, Role, Transport,
};

use codec::Hixie75Codec;

/// The draft, for programs that list their drafts explicitly.
pub static HIXIE75: Hixie75 = Hixie75;

ws_core::register!(HIXIE75, rank = 100);

/// draft-hixie-thewebsocketprotocol-75.
#[derive(Debug, Clone, Copy)]
pub struct Hixie75;

impl Draft for Hixie75 {
    fn id(&self) -> DraftId {
        DraftId::new("hixie75")
    }

    /// The draft has no field that identifies it; its requests lack those of later drafts.
    fn detect(&self, head: &RequestHead) -> Detection {
        let has = |name| head.fields().contains(name);
        let later = LATER_FIELDS.into_iter().any(has);
        if !later && has("Host") && has("Origin") { Detection::Yes } else { Detection::No }
    }

    fn offer<'h>(&self, head: &'h RequestHead) -> Result<Offer<'h>, Rejection> {
        let fields = head.fields();
        refuse_body(fields)?;
        location(head, Transport::Plain)?;
        let offer = Offer::new(Some(visible(fields, "Origin")?));
        Ok(match fields.contains("WebSocket-Protocol") {
            true => offer.with_subprotocols(vec![visible(fields, "WebSocket-Protocol")?]),
            false => offer,
        })
    }

    /// The head of the 101 response. WebKit compares its first three lines byte for byte.
    fn respond(&self, head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection> {
        let response = ResponseHead::new(101, "Web Socket Protocol Handshake")
            .field("Upgrade", "WebSocket")
            .field("Connection", "Upgrade")
            .field("WebSocket-Origin", visible(head.fields(), "Origin")?)
            .field("WebSocket-Location", location(head, grant.transport)?);
        Ok(match grant.subprotocol {
            Some(subprotocol) => response.field("WebSocket-Protocol", subprotocol),
            None => response,
        })
    }

    /// Clients compare the first 85 bytes of the response.
    fn needs_exact_head(&self) -> bool {
        true
    }

    /// The framing is the same for both ends: this draft has no masking.
    fn codec(&self, _role: Role, limits: &Limits) -> CodecBox {
        CodecBox::new(Hixie75Codec::new(limits.frame))
    }
}

const LATER_FIELDS: [&str; 5] = [
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Key1",
    "Sec-WebSocket-Key2",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Draft",
];

/// Refuses a request with a body: the two ends could disagree about where the WebSocket data
/// begins.
fn refuse_body(fields: &Fields) -> Result<(), Rejection> {
    if fields.contains("Content-Length") || fields.contains("Transfer-Encoding") {
        return Err(Rejection::bad_request("a request of hixie-75 has no body"));
    }
    Ok(())
}

/// The URL that the client has connected to, in the form that the client itself uses.
fn location(head: &RequestHead, transport: Transport) -> Result<String, Rejection> {
    let (scheme, default_port) = match transport {
        Transport::Plain => ("ws", ":80"),
        Transport::Tls => ("wss", ":443"),
    };
    let host = visible(head.fields(), "Host")?.to_ascii_lowercase();
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    let resource = head.resource();
    if !resource.starts_with('/') || !is_visible(&resource) {
        return Err(Rejection::bad_request("the request target is not a path"));
    }
    Ok(format!("{scheme}://{host}{resource}"))
}

/// The value of a field that must appear once, and may be copied into the response.
fn visible<'h>(fields: &'h Fields, name: &'static str) -> Result<&'h str, Rejection> {
    let value = fields.text(name)?;
    value.filter(|value| is_visible(value)).ok_or_else(|| {
        Rejection::bad_request(format!("{name} is missing, empty or not plain ASCII"))
    })
}

fn is_visible(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
