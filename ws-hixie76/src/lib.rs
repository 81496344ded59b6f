//! draft-hixie-thewebsocketprotocol-76, also known as hybi-00: Chrome 6 to 13, Safari 5 and
//! iOS 4.2 to 5, QtWebKit, and Flash shims of that time.
//!
//! Two keys in the head and eight bytes behind it are answered with an MD5 sum. A message is
//! text between `00` and `FF`; the connection is closed with `FF 00`. There are no binary
//! messages, no fragments, no pings and no status codes.
//!
//! Nothing is masked in this draft, so a proxy that does not know WebSockets can be tricked by
//! what a page sends. Speak it where old clients need it, and rather over TLS.
//!
//! Linking the crate registers the draft: `use ws_hixie76 as _;`.

mod challenge;
mod codec;
mod handshake;

use ws_core::head::{RequestHead, ResponseHead};
use ws_core::{
    CodecBox, Detection, Draft, DraftId, Grant, HandshakeError, Io, Limits, Offer, Rejection, Role,
    async_trait,
};

use codec::Hixie76Codec;

/// The draft, for programs that list theirs explicitly.
pub static HIXIE76: Hixie76 = Hixie76;

ws_core::register!(HIXIE76, rank = 40);

/// draft-hixie-thewebsocketprotocol-76.
#[derive(Debug, Clone, Copy)]
pub struct Hixie76;

#[async_trait]
impl Draft for Hixie76 {
    fn id(&self) -> DraftId {
        DraftId::new("hixie76")
    }

    fn detect(&self, head: &RequestHead) -> Detection {
        handshake::detect(head)
    }

    fn offer<'h>(&self, head: &'h RequestHead) -> Result<Offer<'h>, Rejection> {
        handshake::offer(head)
    }

    fn respond(&self, head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection> {
        handshake::respond(head, grant)
    }

    async fn finish(&self, head: &RequestHead, io: &mut dyn Io) -> Result<(), HandshakeError> {
        handshake::finish(head, io).await
    }

    /// Both ends frame alike: this draft has no masks.
    fn codec(&self, _role: Role, limits: &Limits) -> CodecBox {
        CodecBox::new(Hixie76Codec::new(limits.frame))
    }
}
