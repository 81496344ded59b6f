//! Telling a server what to do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use ws_core::extension::Extension;
use ws_core::{Drafts, Limits, Timeouts, Transport};

use crate::config::{BuildError, Config};
#[cfg(feature = "tls")]
use crate::config::{Plain, TlsPort};
#[cfg(feature = "tower")]
use crate::mount::UpgradeService;
use crate::policy::{Origins, Subprotocols};
use crate::proxy::TrustedProxies;
use crate::server::Server;
use crate::service::{MessageService, Service};
use crate::session::{MessageApplication, StreamApplication};
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// What a server is to do; from [`Server::builder`]. Everything has a default.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `wrap` or `messages`"]
pub struct Builder {
    drafts: Option<Drafts>,
    origins: Origins,
    transport: Option<Transport>,
    trusted_proxies: TrustedProxies,
    proxy_protocol: TrustedProxies,
    #[cfg(feature = "tls")]
    tls: Option<TlsPort>,
    subprotocols: Vec<String>,
    extensions: Vec<Arc<dyn Extension>>,
    path: Option<String>,
    page: Option<String>,
    limits: Limits,
    timeouts: Timeouts,
    max_connections: Option<usize>,
    drain: Option<Duration>,
}

impl Server {
    /// A server with every default.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// The drafts that are spoken, instead of all that are linked in.
    pub fn drafts(mut self, drafts: Drafts) -> Builder {
        self.drafts = Some(drafts);
        self
    }

    /// Which pages may connect; pages of the same origin.
    pub fn origins(mut self, origins: Origins) -> Builder {
        self.origins = origins;
        self
    }

    /// How clients reach this server; plain. Say [`Transport::Tls`] when a proxy in front ends
    /// TLS: pages of the same origin are https pages then, and hixie-76 clients compare the
    /// `wss:` URL that they are told with the one they dialled. What a trusted proxy or the
    /// connection itself says comes first.
    pub fn transport(mut self, transport: Transport) -> Builder {
        self.transport = Some(transport);
        self
    }

    /// The proxies whose `Forwarded`, or `X-Forwarded-For`, `-Proto` and `-Host`, are believed;
    /// none. The client's address, and the host and scheme that origins are compared with and
    /// hixie-76 clients are told, are what the proxy says then. It must set or remove each of the
    /// four fields: one that it passes on as it came is the client's word. Both kinds at once are
    /// answered with 400.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Builder {
        self.trusted_proxies = proxies;
        self
    }

    /// The proxies that begin each connection with a header of the PROXY protocol, version 1 or
    /// 2; none. A connection of theirs without one is ended, and a header from anybody else is no
    /// request. Only for a port of the server's own.
    pub fn proxy_protocol(mut self, proxies: TrustedProxies) -> Builder {
        self.proxy_protocol = proxies;
        self
    }

    /// Ends TLS on the server's own port, beside plain connections: the first byte of each
    /// connection tells which it is. With [`Tls::client_ca`] there are no plain ones. The TLS
    /// handshake counts into the opening deadline. A site that the service is mounted on ends TLS
    /// itself.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &Tls) -> Builder {
        self.tls = Some(TlsPort::new(tls, Plain::Served));
        self
    }

    /// As [`tls`](Builder::tls), and tells plain connections with 400 to come with TLS.
    #[cfg(feature = "tls")]
    pub fn tls_only(mut self, tls: &Tls) -> Builder {
        self.tls = Some(TlsPort::new(tls, Plain::Refused));
        self
    }

    /// The subprotocols the application speaks; none. A client's first choice among them is
    /// agreed on. For byte streams, `binary` and `base64` need not be named.
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Builder {
        self.subprotocols = names.into_iter().map(Into::into).collect();
        self
    }

    /// An extension that is agreed on with clients that offer it, such as `Deflate` (feature
    /// `deflate`); none. Of several, each of a client's offers goes to the first that accepts it,
    /// and no more than one is used on a connection.
    pub fn extension(mut self, extension: impl Extension) -> Builder {
        self.extensions.push(Arc::new(extension));
        self
    }

    /// The only path that is served, with its leading slash; requests to others are answered
    /// with 404. By default any path is served.
    pub fn path(mut self, path: impl Into<String>) -> Builder {
        self.path = Some(path.into());
        self
    }

    /// An HTML page that ordinary requests are answered with; without it they get 426.
    pub fn page(mut self, html: impl Into<String>) -> Builder {
        self.page = Some(html.into());
        self
    }

    /// What a peer may cost in bytes.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// What a peer may cost in time.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Builder {
        self.timeouts = timeouts;
        self
    }

    /// How many connections are served at once, counted from their accept; 65,536. Further
    /// ones wait in the listen queue. A connection of HTTP/2 counts, and so does each WebSocket in
    /// it; further ones of those, and on a site, are answered with 503.
    pub fn max_connections(mut self, count: usize) -> Builder {
        self.max_connections = Some(count);
        self
    }

    /// How long connections may take to end when the server shuts down, before they are cut;
    /// 10 s.
    pub fn drain(mut self, time: Duration) -> Builder {
        self.drain = Some(time);
        self
    }

    /// A server for a service written against a byte stream.
    ///
    /// # Errors
    /// [`BuildError`] when the drafts contradict each other or there are none.
    pub fn wrap(self, service: impl Service) -> Result<Server, BuildError> {
        Ok(Server::new(self.config()?, Arc::new(StreamApplication(service))))
    }

    /// A server for a service that exchanges messages.
    ///
    /// # Errors
    /// [`BuildError`] when the drafts contradict each other or there are none.
    pub fn messages(self, service: impl MessageService) -> Result<Server, BuildError> {
        Ok(Server::new(self.config()?, Arc::new(MessageApplication(service))))
    }

    /// A service written against a byte stream, for a path of a site: hand it to
    /// `Router::route_service` of axum, or call it from hyper.
    ///
    /// Each path is the site's to route; [`path`](Builder::path) and [`page`](Builder::page)
    /// hold here too.
    ///
    /// # Errors
    /// [`BuildError`], as with [`wrap`](Builder::wrap), and when something was asked for that only
    /// a port of the server's own can do: TLS, the PROXY protocol.
    #[cfg(feature = "tower")]
    pub fn upgrade(self, service: impl Service) -> Result<UpgradeService, BuildError> {
        Ok(UpgradeService::new(Arc::new(self.for_site()?), Arc::new(StreamApplication(service))))
    }

    /// As [`upgrade`](Builder::upgrade), for a service that exchanges messages.
    ///
    /// # Errors
    /// [`BuildError`], as with [`messages`](Builder::messages).
    #[cfg(feature = "tower")]
    pub fn upgrade_messages(
        self,
        service: impl MessageService,
    ) -> Result<UpgradeService, BuildError> {
        Ok(UpgradeService::new(Arc::new(self.for_site()?), Arc::new(MessageApplication(service))))
    }

    /// A site has its own way with TLS and proxies, which is not to be contradicted unheard.
    #[cfg(feature = "tower")]
    fn for_site(self) -> Result<Config, BuildError> {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return Err(BuildError::OwnPort("TLS"));
        }
        if !self.proxy_protocol.is_empty() {
            return Err(BuildError::OwnPort("the PROXY protocol"));
        }
        self.config()
    }

    fn config(self) -> Result<Config, BuildError> {
        let config = Config::new(self.drafts)?;
        if let Some(path) = self.path.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(BuildError::Path(path.clone()));
        }
        Ok(Config {
            origins: self.origins,
            transport: self.transport,
            trusted_proxies: self.trusted_proxies,
            proxy_protocol: self.proxy_protocol,
            #[cfg(feature = "tls")]
            tls: self.tls,
            subprotocols: Subprotocols { named: self.subprotocols },
            extensions: self.extensions,
            path: self.path,
            page: self.page,
            limits: self.limits,
            timeouts: self.timeouts,
            permits: match self.max_connections {
                // A semaphore has no more permits than this.
                Some(count) => Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS))),
                None => config.permits,
            },
            drain: self.drain.unwrap_or(config.drain),
            ..config
        })
    }
}
