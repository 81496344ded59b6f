//! Serving: accept, open, run, and shut down in order.

mod accept;
#[cfg(feature = "http2")]
mod http2;
mod port;

use std::future::{Future, IntoFuture, Pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::session::Application;
use crate::socket::Listener;

/// A service and all that a WebSocket needs around it.
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

    /// Serves the connections of `listener` until it is told to shut down; await the result.
    ///
    /// # Errors
    /// At once, when the runtime has no timers.
    pub fn serve<L: Listener>(self, listener: L) -> Serving<L> {
        Serving { server: self, listener, shutdown: std::future::pending() }
    }
}

/// A server at work; from [`Server::serve`].
#[derive(Debug)]
#[must_use = "nothing is served until this is awaited"]
pub struct Serving<L, F = Pending<()>> {
    server: Server,
    listener: L,
    shutdown: F,
}

impl<L, F> Serving<L, F> {
    /// Goes down when `signal` completes: accepts no more, closes every connection with status
    /// 1001, waits for them as long as [`Builder::drain`](crate::Builder::drain) says, and cuts the
    /// rest: their services are dropped. A stream or socket that a service has given to a task of
    /// its own fails from then on.
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
            if !has_timers() {
                let reason = "the runtime has no timers, and connections have deadlines: build it \
                              with `enable_time` or `enable_all`";
                return Err(io::Error::other(reason));
            }
            let Server { config, application } = self.server;
            accept::run(config, application, self.listener, self.shutdown).await;
            Ok(())
        })
    }
}

/// Whether the runtime has timers. Without, making one panics, and nothing else tells.
fn has_timers() -> bool {
    std::panic::catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok()
}
