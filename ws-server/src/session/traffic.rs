//! What an extension does, in the log.

use std::sync::Arc;

use tracing::debug;
use ws_core::extension::Traffic;

use crate::peer::Peer;

/// Says at the end of a connection what its extension, if it has one, made of its messages.
#[derive(Debug)]
pub(super) struct TrafficLog(Option<Arc<Traffic>>);

impl TrafficLog {
    /// Says which extension is in use.
    pub(super) fn open(peer: &Peer) -> TrafficLog {
        if let Some(extension) = peer.extension() {
            debug!(extension, "extended");
        }
        TrafficLog(peer.traffic().cloned())
    }

    /// Says how many bytes of payload there were on either side of it.
    pub(super) fn close(self) {
        if let Some(traffic) = self.0 {
            debug!(
                received = traffic.received(),
                received_on_wire = traffic.received_on_wire(),
                sent = traffic.sent(),
                sent_on_wire = traffic.sent_on_wire(),
                "compression"
            );
        }
    }
}
