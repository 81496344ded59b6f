//! What one server was told to do.

use std::time::Duration;

use ws_core::{Drafts, Limits, Timeouts, Transport};

use crate::policy::{Origins, Subprotocols};

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) drafts: Drafts,
    pub(crate) origins: Origins,
    /// How clients reach the server, whatever the socket is.
    pub(crate) transport: Transport,
    pub(crate) subprotocols: Subprotocols,
    /// The only path that upgrades; any if absent.
    pub(crate) path: Option<String>,
    /// The page that a plain GET is answered with.
    pub(crate) page: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    /// Connections at once, counted from the accept.
    pub(crate) max_connections: usize,
    /// How long connections may take to close when the server goes down.
    pub(crate) drain: Duration,
}
