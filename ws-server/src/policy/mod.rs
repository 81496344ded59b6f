//! What a server requires of an opening handshake, whatever the draft: origin and subprotocol.

mod origin;
mod subprotocol;

pub use origin::Origins;
pub(crate) use subprotocol::{Content, Subprotocols};
