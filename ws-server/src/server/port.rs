//! One connection that a port has accepted, and its opening handshake.

use std::sync::Arc;

use tracing::{debug, info, warn};

use crate::config::Config;
use crate::opening::{self, Opened, OpeningError};
use crate::runtime::alarm::Alarm;
use crate::runtime::shutdown::Shutdown;
use crate::session::{Application, Session};
use crate::socket::{RemoteAddr, Socket};

/// What the connections of a port have in common.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) config: Arc<Config>,
    pub(super) application: Arc<dyn Application>,
    pub(super) shutdown: Shutdown,
}

impl Port {
    /// Holds the opening handshake on a socket, or answers in another way.
    pub(super) async fn open(self, socket: Socket, remote: RemoteAddr) -> Option<Session> {
        let config = &*self.config;
        let content = self.application.content();
        let alarm = Alarm::new(self.shutdown.clone());
        match opening::open(socket, remote, config, content, alarm).await {
            Ok(Opened::WebSocket(endpoint, peer)) => return Some(Session { endpoint, peer }),
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
            Err(OpeningError::Failed(error)) => info!(%remote, %error, "refused"),
            Err(OpeningError::Proxy(error)) => warn!(%remote, %error, "no header of the proxy"),
            Err(OpeningError::Tls(error)) => info!(%remote, %error, "TLS handshake failed"),
            Err(OpeningError::Silent) => debug!(%remote, "gone without a word"),
            Err(OpeningError::Shutdown) => {
                debug!(%remote, "the server shuts down during the opening handshake");
            }
        }
        None
    }
}
