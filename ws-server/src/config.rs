//! What one server was told to do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use ws_core::extension::Extension;
use ws_core::{Drafts, Limits, Timeouts, Transport};

use crate::policy::{Origins, Subprotocols};
use crate::proxy::TrustedProxies;
use crate::socket::Socket;
#[cfg(feature = "tls")]
use crate::tls::{Protocols, Tls};

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) drafts: Drafts,
    pub(crate) origins: Origins,
    /// How clients reach the server, whatever the socket is.
    pub(crate) transport: Option<Transport>,
    /// Whose `Forwarded` and `X-Forwarded-*` are believed.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Who sends a header of the PROXY protocol.
    pub(crate) proxy_protocol: TrustedProxies,
    /// TLS on this port, if it is ended here.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<TlsPort>,
    pub(crate) subprotocols: Subprotocols,
    /// The extensions that are ready to be used, the preferred ones first.
    pub(crate) extensions: Vec<Arc<dyn Extension>>,
    /// The only path that upgrades; any if absent.
    pub(crate) path: Option<String>,
    /// The page that a plain GET is answered with.
    pub(crate) page: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    /// A permit for each connection, counted from the accept, and for each WebSocket in a stream.
    pub(crate) room: Arc<Semaphore>,
    /// How long connections may take to close when the server goes down.
    pub(crate) drain: Duration,
}

/// A port that speaks TLS.
#[cfg(feature = "tls")]
#[derive(Debug, Clone)]
pub(crate) struct TlsPort {
    pub(crate) tls: Tls,
    pub(crate) plain: Plain,
}

/// What becomes of clients that come to a TLS port without TLS.
#[cfg(feature = "tls")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    /// They are served like the others.
    Served,
    /// They are told to come with TLS.
    Refused,
}

#[cfg(feature = "tls")]
impl TlsPort {
    pub(crate) fn new(tls: &Tls, plain: Plain) -> TlsPort {
        TlsPort { tls: tls.offering(Protocols::spoken()), plain }
    }
}

impl Config {
    /// Whether clients on this socket have to come with TLS instead.
    #[cfg(feature = "tls")]
    pub(crate) fn wants_tls(&self, socket: &Socket) -> bool {
        let refused = self
            .tls
            .as_ref()
            .is_some_and(|port| port.plain == Plain::Refused || port.tls.asks_for_certificates());
        refused && !matches!(socket, Socket::Tls(_))
    }

    /// Whether clients on this socket have to come with TLS instead.
    #[cfg(not(feature = "tls"))]
    pub(crate) fn wants_tls(&self, _socket: &Socket) -> bool {
        false
    }
}
