//! What one server was told to do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use ws_core::extension::Extension;
use ws_core::{Drafts, DuplicateDraft, Limits, Timeouts, Transport};

use crate::policy::{Origins, Subprotocols};
use crate::proxy::TrustedProxies;
use crate::socket::Socket;
#[cfg(feature = "tls")]
use crate::tls::{Protocols, Tls};

/// The default of [`Builder::max_connections`](crate::Builder::max_connections).
pub const MAX_CONNECTIONS: usize = 65_536;

/// The default of [`Builder::drain`](crate::Builder::drain).
pub const DRAIN: Duration = Duration::from_secs(10);

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
    /// A permit for each connection that there may be at once; see
    /// [`Admitted`](crate::session::Admitted).
    pub(crate) permits: Arc<Semaphore>,
    /// How long connections may take to close when the server shuts down.
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
    /// These drafts, or all that are linked in, and for the rest the defaults.
    pub(crate) fn new(drafts: Option<Drafts>) -> Result<Config, BuildError> {
        let drafts = match drafts {
            Some(drafts) => drafts,
            None => Drafts::registered().map_err(BuildError::DuplicateDraft)?,
        };
        if drafts.is_empty() {
            return Err(BuildError::NoDrafts);
        }
        Ok(Config {
            drafts,
            origins: Origins::default(),
            transport: None,
            trusted_proxies: TrustedProxies::default(),
            proxy_protocol: TrustedProxies::default(),
            #[cfg(feature = "tls")]
            tls: None,
            subprotocols: Subprotocols::default(),
            extensions: Vec::new(),
            path: None,
            page: None,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            permits: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            drain: DRAIN,
        })
    }

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

/// Why a server cannot be built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// Two drafts cannot be told apart.
    DuplicateDraft(DuplicateDraft),
    /// The program was built without any draft.
    NoDrafts,
    /// This can be had on a port of the server's own, and not on a path of a site.
    OwnPort(&'static str),
    /// A path that does not begin with a slash: no request could match it.
    Path(String),
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuildError::DuplicateDraft(error) => error.fmt(f),
            BuildError::OwnPort(what) => {
                write!(f, "{what} is the site's to handle, where a service is mounted on one")
            }
            BuildError::Path(path) => {
                write!(f, "the path {path:?} matches no request: it must begin with a slash")
            }
            BuildError::NoDrafts => f.write_str(
                "no draft is linked in: enable one of the features rfc6455, hybi08, hybi07 and \
                 hixie76, or name a draft crate with `use the_crate as _;`",
            ),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BuildError::DuplicateDraft(error) => Some(error),
            BuildError::NoDrafts | BuildError::Path(_) | BuildError::OwnPort(_) => None,
        }
    }
}

impl From<BuildError> for std::io::Error {
    fn from(error: BuildError) -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::InvalidInput, error)
    }
}
