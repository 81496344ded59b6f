//! The configuration of a server.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use ws_core::extension::Extension;
use ws_core::{Drafts, DuplicateDraft, Limits, Timeouts, Transport};

use crate::policy::{OriginWarnings, Origins, Subprotocols};
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
    /// What was already logged of the origins that were refused.
    pub(crate) origin_warnings: Arc<OriginWarnings>,
    /// How clients reach the server, if it was configured.
    pub(crate) transport: Option<Transport>,
    /// The proxies that may send `Forwarded` and `X-Forwarded-*`.
    pub(crate) trusted_proxies: TrustedProxies,
    /// The proxies that send a header of the PROXY protocol.
    pub(crate) proxy_protocol: TrustedProxies,
    /// TLS on the server's own port; always `None` on a site.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<TlsPort>,
    pub(crate) subprotocols: Subprotocols,
    /// The extensions that may be agreed on, in order of preference.
    pub(crate) extensions: Vec<Arc<dyn Extension>>,
    /// The only path that is served, with a leading slash; `None` for any.
    pub(crate) path: Option<String>,
    /// The page with which a plain `GET` is answered.
    pub(crate) page: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    /// A permit for each connection that there may be at once, never closed; see
    /// [`Admitted`](crate::session::Admitted).
    pub(crate) permits: Arc<Semaphore>,
    /// How long connections may take to end when the server shuts down.
    pub(crate) drain: Duration,
}

/// TLS on the server's own port.
#[cfg(feature = "tls")]
#[derive(Debug, Clone)]
pub(crate) struct TlsPort {
    pub(crate) tls: Tls,
    pub(crate) plain: Plain,
}

/// What is done with plain connections to a port with TLS.
#[cfg(feature = "tls")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    /// They are served too.
    Served,
    /// They are refused with 400.
    Refused,
}

#[cfg(feature = "tls")]
impl TlsPort {
    pub(crate) fn new(tls: &Tls, plain: Plain) -> TlsPort {
        TlsPort { tls: tls.offering(Protocols::spoken()), plain }
    }
}

impl Config {
    /// A configuration with these drafts, or else all that are linked in, and defaults otherwise.
    ///
    /// # Errors
    /// [`BuildError`] when there are no drafts, or two that cannot be told apart.
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
            origin_warnings: Arc::default(),
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

    /// Whether this socket is without TLS, and plain connections are refused.
    #[cfg(feature = "tls")]
    pub(crate) fn wants_tls(&self, socket: &Socket) -> bool {
        let refused = self
            .tls
            .as_ref()
            .is_some_and(|port| port.plain == Plain::Refused || port.tls.asks_for_certificates());
        refused && !matches!(socket, Socket::Tls(_))
    }

    /// Whether this socket is without TLS, and plain connections are refused.
    #[cfg(not(feature = "tls"))]
    pub(crate) fn wants_tls(&self, _socket: &Socket) -> bool {
        false
    }
}

/// Why a server cannot be built.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// Two drafts cannot be told apart.
    DuplicateDraft(DuplicateDraft),
    /// The program was built without any draft.
    NoDrafts,
    /// What is named was configured, and works only on the server's own port, not on a path of a
    /// site.
    OwnPort(&'static str),
    /// A path that no request could match: it does not begin with a slash, or has a space, a control
    /// character, a query or a fragment.
    Path(String),
    /// An origin that no page could have; see [`Origins::These`].
    Origin(String),
    /// A subprotocol that no client could offer: it is no token (RFC 9110 §5.6.2).
    Subprotocol(String),
    /// A size of [`Limits`] that is 0, by its name: nothing could be received.
    Limit(&'static str),
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuildError::DuplicateDraft(error) => error.fmt(f),
            BuildError::OwnPort(what) => {
                write!(
                    f,
                    "{what} works only on the server's own port: where a service is mounted on a \
                     site, configure it in the site's HTTP server"
                )
            }
            BuildError::Path(path) => {
                write!(
                    f,
                    "the path {path:?} can match no request: it must begin with a slash, and have \
                     neither spaces nor a query"
                )
            }
            BuildError::Origin(origin) => write!(
                f,
                "the origin {origin:?} can match no page: an origin is scheme://host or \
                 scheme://host:port, such as https://example.com, or null; to let in all pages, \
                 there is Origins::Any and `--origin any`"
            ),
            BuildError::Subprotocol(name) => write!(
                f,
                "the subprotocol {name:?} can match no offer: the name of a subprotocol is a token, \
                 such as mqtt or v1.chat.example"
            ),
            BuildError::Limit(name) => {
                write!(f, "the limit of a {name} is 0, so that nothing could be received")
            }
            BuildError::NoDrafts => f.write_str(
                "no draft is linked in: enable one of the features rfc6455, hybi08, hybi07 and \
                 hixie76, or name a draft crate with `use the_crate as _;`",
            ),
        }
    }
}

/// As [`Display`](std::fmt::Display): a `main` that returns the error prints this.
impl std::fmt::Debug for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BuildError::DuplicateDraft(error) => Some(error),
            _ => None,
        }
    }
}

impl From<BuildError> for std::io::Error {
    fn from(error: BuildError) -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::InvalidInput, error)
    }
}
