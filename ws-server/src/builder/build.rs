//! Building: a configuration and an application become a server, or a service of a site.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;
use ws_core::Rejection;
use ws_core::head::is_token;

use super::Builder;
use crate::application::{Accept, Deciding, MessageApplication, OpeningRequest, StreamApplication};
use crate::config::{BuildError, Config};
#[cfg(feature = "tower")]
use crate::mount::UpgradeService;
use crate::policy::Subprotocols;
use crate::server::Server;
use crate::service::{MessageService, Service};

impl Builder {
    /// A server for a service written against a byte stream.
    ///
    /// # Errors
    /// [`BuildError`] when there are no drafts or two of them cannot be told apart, and when a
    /// setting could never match: a path, an origin or a subprotocol that no request can have, or a
    /// limit of 0.
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
    /// dropped when the client leaves; a client that sends 512 bytes or more after its request is
    /// not seen leaving. When the [opening deadline](OpeningRequest::deadline) passes first, the
    /// request is answered with 504, when the server shuts down, with 503; when the function
    /// panics, or what it adds to its answer cannot be sent, with 500 and a line in the log.
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
    /// [`open`](Builder::open). The site's HTTP server notices that a client leaves. Needs the
    /// feature `tower`.
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
        self.check()?;
        let config = Config::new(self.drafts)?;
        Ok(Config {
            origins: self.origins,
            transport: self.transport,
            trusted_proxies: self.trusted_proxies,
            proxy_protocol: self.proxy_protocol,
            #[cfg(feature = "tls")]
            tls: self.tls,
            subprotocols: Subprotocols { named: self.subprotocols, any: self.any_subprotocol },
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

    /// Refuses what could never match.
    fn check(&self) -> Result<(), BuildError> {
        if let Some(path) = self.path.as_ref().filter(|path| !is_path(path)) {
            return Err(BuildError::Path(path.clone()));
        }
        if let Some(origin) = self.origins.unmatchable() {
            return Err(BuildError::Origin(origin.to_owned()));
        }
        if let Some(name) = self.subprotocols.iter().find(|name| !is_token(name.as_bytes())) {
            return Err(BuildError::Subprotocol(name.clone()));
        }
        match (self.limits.message, self.limits.frame) {
            (0, _) => Err(BuildError::Limit("message")),
            (_, 0) => Err(BuildError::Limit("frame")),
            _ => Ok(()),
        }
    }
}

fn is_path(path: &str) -> bool {
    let odd = |one: char| one.is_whitespace() || one.is_control() || matches!(one, '?' | '#');
    path.starts_with('/') && !path.contains(odd)
}
