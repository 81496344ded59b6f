//! draft-hixie-thewebsocketprotocol-76, also known as hybi-00: Chrome 6 to 13, Safari 5 and
//! iOS 4.2 to 5, QtWebKit, and Flash shims of that time.
//!
//! The server answers two keys in the head and eight bytes after it with an MD5 sum. A message is
//! text between `00` and `FF`; the connection is closed with `FF 00`. There are no binary
//! messages, no fragments, no pings and no status codes.
//!
//! Nothing is masked in this draft, so that a page can attack a proxy that does not support
//! WebSockets (cache poisoning, RFC 6455 §10.3). Support it only where old clients need it, and
//! preferably over TLS.
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

/// The draft, for programs that list their drafts explicitly.
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

    /// The framing is the same for both ends: this draft has no masking.
    fn codec(&self, _role: Role, limits: &Limits) -> CodecBox {
        CodecBox::new(Hixie76Codec::new(limits.frame))
    }
}
