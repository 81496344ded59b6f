//! Configuring and building a server.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use ws_core::extension::Extension;
use ws_core::{Drafts, Limits, Rejection, Timeouts, Transport};

use crate::application::{Accept, Deciding, MessageApplication, OpeningRequest, StreamApplication};
use crate::config::{BuildError, Config};
#[cfg(feature = "tls")]
use crate::config::{Plain, TlsPort};
#[cfg(feature = "tower")]
use crate::mount::UpgradeService;
use crate::policy::{Origins, Subprotocols};
use crate::proxy::TrustedProxies;
use crate::server::Server;
use crate::service::{MessageService, Service};
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// The configuration of a server; from [`Server::builder`]. Everything has a default.
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
    /// A builder with every default.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// The drafts (versions of the protocol) that are spoken. By default all that are linked in.
    pub fn drafts(mut self, drafts: Drafts) -> Builder {
        self.drafts = Some(drafts);
        self
    }

    /// The origins whose pages may connect (RFC 6455 §10.2). By default [`Origins::Same`]. Others
    /// are refused with 403, and a text that says which setting would let them in. Of each kind of
    /// difference, the first refusal is logged as a warning.
    pub fn origins(mut self, origins: Origins) -> Builder {
        self.origins = origins;
        self
    }

    /// How clients reach this server. By default [`Transport::Plain`]. Set [`Transport::Tls`] when
    /// a proxy in front terminates TLS: pages of the same origin are then https pages, and hixie-76
    /// clients are sent a `wss:` URL, which they compare with the one they have opened. What a
    /// trusted proxy or the connection itself says takes precedence.
    pub fn transport(mut self, transport: Transport) -> Builder {
        self.transport = Some(transport);
        self
    }

    /// The proxies that are trusted to send `Forwarded` (RFC 7239), or `X-Forwarded-For`, `-Proto`
    /// and `-Host`. By default none. These fields then determine the client's address, and the host
    /// and scheme with which origins are compared and which hixie-76 clients are sent. The proxy
    /// must set or remove each of the four fields: with one that it passes on unchanged, the client
    /// can claim anything. A request with both kinds is answered with 400.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Builder {
        self.trusted_proxies = proxies;
        self
    }

    /// The proxies that begin each connection with a header of the PROXY protocol, version 1 or 2.
    /// By default none. A connection from one of them is closed when the header is missing or
    /// malformed; from any other address, the header is refused as a malformed request. Only for
    /// the server's own port.
    pub fn proxy_protocol(mut self, proxies: TrustedProxies) -> Builder {
        self.proxy_protocol = proxies;
        self
    }

    /// Terminates TLS on the server's own port, and still serves plain connections: the first byte
    /// of each connection shows which it is. With [`Tls::client_ca`] plain connections are refused.
    /// The opening deadline includes the TLS handshake. Only for the server's own port: a site that
    /// a service is mounted on terminates TLS itself. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &Tls) -> Builder {
        self.tls = Some(TlsPort::new(tls, Plain::Served));
        self
    }

    /// As [`tls`](Builder::tls), but refuses plain connections with 400. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls_only(mut self, tls: &Tls) -> Builder {
        self.tls = Some(TlsPort::new(tls, Plain::Refused));
        self
    }

    /// The subprotocols that the application speaks (RFC 6455 §1.9). By default none. Of those
    /// that a client offers, the client's first choice is agreed on. For byte streams, `binary`
    /// and `base64` need not be named.
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Builder {
        self.subprotocols = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an extension (RFC 6455 §9) that is agreed on with clients that offer it, such as
    /// `Deflate` (feature `deflate`). By default there are none. Of several, each of a client's
    /// offers goes to the first that accepts it, and at most one is used on a connection.
    pub fn extension(mut self, extension: impl Extension) -> Builder {
        self.extensions.push(Arc::new(extension));
        self
    }

    /// The only path that is served, with its leading slash; requests for others are answered
    /// with 404. By default any path is served. On a site it is the whole path that the client has
    /// requested, with any prefix that a router has stripped.
    pub fn path(mut self, path: impl Into<String>) -> Builder {
        self.path = Some(path.into());
        self
    }

    /// An HTML page with which ordinary `GET` requests are answered. By default they are answered
    /// with 426.
    pub fn page(mut self, html: impl Into<String>) -> Builder {
        self.page = Some(html.into());
        self
    }

    /// The sizes, in bytes, that a connection may reach.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// The times after which a connection is given up.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Builder {
        self.timeouts = timeouts;
        self
    }

    /// How many connections are served at once, counted from their accept; at least 1, by default
    /// 65,536. Further connections wait in the listen queue. An HTTP/2 connection counts, and so
    /// does each WebSocket in it; further WebSockets over HTTP/2 or on a site are answered with
    /// 503.
    pub fn max_connections(mut self, count: usize) -> Builder {
        self.max_connections = Some(count);
        self
    }

    /// How long connections may take to end when the server shuts down, before they are aborted. By
    /// default 10 s.
    pub fn drain(mut self, time: Duration) -> Builder {
        self.drain = Some(time);
        self
    }

    /// A server for a service written against a byte stream.
    ///
    /// # Errors
    /// [`BuildError`] when there are no drafts or two of them cannot be told apart, or when the
    /// path does not begin with a slash.
    pub fn wrap(self, service: impl Service) -> Result<Server, BuildError> {
        Ok(Server::new(self.config()?, Arc::new(StreamApplication(service))))
    }

    /// A server for a service that exchanges messages.
    ///
    /// # Errors
    /// [`BuildError`], as with [`wrap`](Builder::wrap).
    pub fn messages(self, service: impl MessageService) -> Result<Server, BuildError> {
        Ok(Server::new(self.config()?, Arc::new(MessageApplication(service))))
    }

    /// A server that decides on each request before it answers, by an asynchronous function: which
    /// service runs on the connection, with what it holds, or that the request is refused.
    ///
    /// ```no_run
    /// use std::io;
    /// use ws_server::{Accept, OpeningRequest, Rejection, Server, StatusCode, WebSocket};
    ///
    /// async fn decide(request: OpeningRequest) -> Result<Accept, Rejection> {
    ///     let token = request.query().and_then(|query| query.strip_prefix("token="));
    ///     let Some(user) = look_up(token).await else {
    ///         return Err(Rejection::new(StatusCode::UNAUTHORIZED, "this token is not valid")
    ///             .with_field("WWW-Authenticate", "Bearer"));
    ///     };
    ///     Ok(request.accept(|socket, _peer| chat(socket, user)))
    /// }
    ///
    /// async fn chat(mut socket: WebSocket, user: String) -> io::Result<()> {
    ///     socket.send(format!("welcome, {user}")).await?;
    ///     Ok(())
    /// }
    /// # async fn look_up(_token: Option<&str>) -> Option<String> { None }
    ///
    /// # async fn run(listener: tokio::net::TcpListener) -> Result<(), Box<dyn std::error::Error>> {
    /// Server::builder().open(decide)?.serve(listener).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The function sees requests that can be accepted: of a known draft, with a valid handshake,
    /// from an allowed origin. Nothing is sent to the client before it returns. Its future is
    /// dropped when the client leaves; a client that sends more than 512 bytes meanwhile is not
    /// seen leaving. When the opening deadline ([`Timeouts::opening`]) passes first, the request
    /// is answered with 504; when the function panics, with 500.
    ///
    /// # Errors
    /// [`BuildError`], as with [`wrap`](Builder::wrap).
    pub fn open<D, F>(self, decide: D) -> Result<Server, BuildError>
    where
        D: Fn(OpeningRequest) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Accept, Rejection>> + Send + 'static,
    {
        Ok(Server::new(self.config()?, Arc::new(Deciding(decide))))
    }

    /// A service written against a byte stream, for a path of a site: pass it to
    /// `Router::route_service` of axum, or call it from hyper. Needs the feature `tower`. See the
    /// guide to [mounting](crate::guide::mounting).
    ///
    /// The site routes requests to it; [`path`](Builder::path) and [`page`](Builder::page) apply
    /// here too.
    ///
    /// # Errors
    /// [`BuildError`], as with [`wrap`](Builder::wrap), and when TLS or the PROXY protocol was
    /// configured, which only the server's own port supports.
    #[cfg(feature = "tower")]
    pub fn upgrade(self, service: impl Service) -> Result<UpgradeService, BuildError> {
        Ok(UpgradeService::new(Arc::new(self.for_site()?), Arc::new(StreamApplication(service))))
    }

    /// As [`upgrade`](Builder::upgrade), for a service that exchanges messages. Needs the feature
    /// `tower`.
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

    /// As [`upgrade`](Builder::upgrade), with a function that decides on each request: see
    /// [`open`](Builder::open).
    ///
    /// # Errors
    /// [`BuildError`], as with [`upgrade`](Builder::upgrade).
    #[cfg(feature = "tower")]
    pub fn open_upgrade<D, F>(self, decide: D) -> Result<UpgradeService, BuildError>
    where
        D: Fn(OpeningRequest) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Accept, Rejection>> + Send + 'static,
    {
        Ok(UpgradeService::new(Arc::new(self.for_site()?), Arc::new(Deciding(decide))))
    }

    /// Refuses what a site does itself, so that it is not silently ignored.
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
                // `Semaphore::new` panics above this.
                Some(count) => Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS))),
                None => config.permits,
            },
            drain: self.drain.unwrap_or(config.drain),
            ..config
        })
    }
}
