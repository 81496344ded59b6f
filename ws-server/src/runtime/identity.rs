//! What a handle can tell of its connection without a visit: it never changes.

use crate::connection_id::ConnectionId;

/// Which connection it is, and the subprotocol that was agreed on.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: ConnectionId,
    pub(crate) subprotocol: Option<Box<str>>,
}

impl Identity {
    pub(crate) fn new(id: ConnectionId, subprotocol: Option<&str>) -> Identity {
        Identity { id, subprotocol: subprotocol.map(Into::into) }
    }

    /// A connection that was opened elsewhere.
    pub(crate) fn of_unknown() -> Identity {
        Identity::new(ConnectionId::next(), None)
    }
}
