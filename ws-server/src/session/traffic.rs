//! Logging which extension a connection uses, and how many bytes it saves.

use std::sync::Arc;

use tracing::debug;
use ws_core::extension::Traffic;

use crate::peer::Peer;

/// Logs at the end of a connection the traffic of its extension, if it has one.
#[derive(Debug)]
pub(super) struct TrafficLog(Option<Arc<Traffic>>);

impl TrafficLog {
    /// Logs which extension was agreed on.
    pub(super) fn open(peer: &Peer) -> TrafficLog {
        if let Some(extension) = peer.extension() {
            debug!(extension, "extension in use");
        }
        TrafficLog(peer.traffic().cloned())
    }

    /// Logs how many bytes of payload there were before and after the extension.
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
