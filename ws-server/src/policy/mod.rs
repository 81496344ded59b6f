//! What a server requires of an opening handshake, whatever the draft: origin and subprotocol.

mod origin;
mod origin_refusal;
mod own_origin;
mod subprotocol;

pub use origin::Origins;
pub(crate) use origin_refusal::{OriginWarnings, shown};
pub(crate) use subprotocol::{Content, Subprotocols};
