//! A connection accepted on a port, and its opening handshake.

use std::sync::Arc;

use tracing::{debug, info, warn};

use crate::application::Application;
use crate::config::Config;
use crate::opening::{self, Opened, OpeningError};
use crate::runtime::alarm::Alarm;
use crate::runtime::shutdown::Shutdown;
use crate::session::{Session, Start};
use crate::socket::{RemoteAddr, Socket};

/// What all connections of a port share.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) config: Arc<Config>,
    pub(super) application: Arc<dyn Application>,
    pub(super) shutdown: Shutdown,
}

impl Port {
    /// Performs the opening handshake. `None` when there is no WebSocket: then the page or HTTP/2
    /// was served or the request refused, and the log says which.
    pub(super) async fn open(
        self,
        socket: Socket,
        remote: RemoteAddr,
    ) -> Option<(Session, Box<dyn Start>)> {
        let config = &*self.config;
        let alarm = Alarm::new(self.shutdown.clone());
        match opening::open(socket, remote, config, &self.application, alarm).await {
            Ok(Opened::WebSocket(session, start)) => return Some((session, start)),
            Ok(Opened::Page(socket)) => {
                debug!(%remote, "page");
                opening::serve_page(socket, config.page.as_deref().unwrap_or_default()).await;
            }
            #[cfg(feature = "http2")]
            Ok(Opened::Http2(begun)) => {
                debug!(%remote, "HTTP/2");
                let (socket, received, source) = *begun;
                let Port { config, application, shutdown } = &self;
                let serving =
                    super::http2::serve(config, application, socket, received, source, shutdown);
                Box::pin(serving).await;
            }
            Err(OpeningError::Rejected(rejected)) => {
                info!(remote = %rejected.remote, rejection = %rejected.rejection, "refused");
                Box::pin(rejected.answer()).await;
            }
            Err(OpeningError::Failed(error)) => {
                info!(%remote, %error, "opening handshake failed");
            }
            Err(OpeningError::Proxy(error)) => {
                warn!(%remote, %error, "missing or malformed PROXY header");
            }
            Err(OpeningError::Tls(error)) => info!(%remote, %error, "TLS handshake failed"),
            Err(OpeningError::Silent) => debug!(%remote, "closed before sending a request"),
            Err(OpeningError::Shutdown) => {
                debug!(%remote, "the server shut down during the opening handshake");
            }
        }
        None
    }
}
