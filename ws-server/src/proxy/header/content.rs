//! The content of a PROXY header.

use std::net::SocketAddr;

use ws_core::Transport;

/// What a proxy says about the client that it relays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ProxyHeader {
    /// Where the client connects from. `None` when the proxy names no IP address (v1 `UNKNOWN`,
    /// v2 `LOCAL`, `UNSPEC` and unix sockets).
    pub(crate) source: Option<SocketAddr>,
    /// How the client reached the proxy, if the proxy says so; version 1 cannot.
    pub(crate) transport: Option<Transport>,
}
