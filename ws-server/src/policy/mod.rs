//! What a server asks of an opening handshake beyond its draft.

mod origin;
mod subprotocol;

pub use origin::Origins;
pub(crate) use subprotocol::{Content, Subprotocols};
