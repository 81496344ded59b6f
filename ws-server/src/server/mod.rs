//! Serving: accept connections, open them, run services, and shut down in order.

mod accept;
#[cfg(feature = "http2")]
mod http2;
mod port;

use std::future::{Future, IntoFuture, Pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::application::Application;
use crate::config::Config;
use crate::socket::{Listener, RemoteAddr, Socket};

/// A service with the configuration under which it is served over WebSocket; from
/// [`Server::builder`].
#[derive(Clone)]
pub struct Server {
    config: Arc<Config>,
    application: Arc<dyn Application>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Server {
    pub(crate) fn new(config: Config, application: Arc<dyn Application>) -> Server {
        Server { config: Arc::new(config), application }
    }

    /// Serves the connections of `listener`, once the result is awaited: for ever, or until the
    /// signal of [`with_graceful_shutdown`](Serving::with_graceful_shutdown). Dropping the future
    /// aborts every connection.
    ///
    /// # Errors
    /// Awaiting the result fails at once when the runtime has no timers.
    pub fn serve<L: Listener>(self, listener: L) -> Serving<L> {
        Serving { server: self, listener, shutdown: std::future::pending() }
    }

    /// Serves one connection, from its first byte to its end: for a listener of your own, and for
    /// tests of a service, over [`tokio::io::duplex`].
    ///
    /// It counts against [`Builder::max_connections`](crate::Builder::max_connections) of this
    /// server, and waits for its turn. When the returned future is dropped, the connection is
    /// aborted.
    ///
    /// # Errors
    /// When the runtime has no timers.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the connection.
    pub async fn serve_connection(
        &self,
        socket: impl Into<Socket>,
        remote: RemoteAddr,
    ) -> io::Result<()> {
        check_timers()?;
        accept::serve_one(&self.config, &self.application, socket.into(), remote).await
    }
}

/// A server to be awaited; from [`Server::serve`].
#[derive(Debug)]
#[must_use = "nothing is served until this is awaited"]
pub struct Serving<L, F = Pending<()>> {
    server: Server,
    listener: L,
    shutdown: F,
}

impl<L, F> Serving<L, F> {
    /// Shuts down when `signal` completes: accepts no more connections, closes every open one with
    /// status 1001 (RFC 6455 §7.4.1), waits up to [`Builder::drain`](crate::Builder::drain) for
    /// them, and aborts the rest: their services are dropped. A stream or socket that a service has
    /// moved into a task of its own fails from then on.
    pub fn with_graceful_shutdown<G>(self, signal: G) -> Serving<L, G>
    where
        G: Future<Output = ()> + Send + 'static,
    {
        Serving { server: self.server, listener: self.listener, shutdown: signal }
    }
}

impl<L, F> IntoFuture for Serving<L, F>
where
    L: Listener + Sync,
    F: Future<Output = ()> + Send + 'static,
{
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            check_timers()?;
            let Server { config, application } = self.server;
            accept::run(config, application, self.listener, self.shutdown).await;
            Ok(())
        })
    }
}

/// Fails when the runtime has no timers. Tokio has no way to ask: creating a timer panics without.
fn check_timers() -> io::Result<()> {
    let timer = std::panic::catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO)));
    timer.map_err(|_| {
        io::Error::other(
            "the tokio runtime has no timers, which the deadlines of connections need: build it \
             with `enable_time` or `enable_all`",
        )
    })
}
