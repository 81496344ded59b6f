//! One connection, from its accept to its end.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tracing::{debug, info, warn};

use super::Server;
use super::application::Run;
use crate::alarm::Alarm;
use crate::endpoint::Endpoint;
use crate::opening::{self, Opened, OpeningError};
use crate::peer::Peer;
use crate::socket::{RemoteAddr, Socket};
use crate::stop::Stop;
use crate::traffic::TrafficLog;

/// A connection that was accepted.
pub(crate) struct Accepted {
    server: Server,
    socket: Socket,
    remote: RemoteAddr,
    stop: Stop,
    /// Its place among the connections there may be. It counts from the accept; a stream of
    /// HTTP/2 may have been quicker.
    room: Option<OwnedSemaphorePermit>,
}

impl Accepted {
    pub(super) fn new(server: Server, socket: Socket, remote: RemoteAddr, stop: Stop) -> Accepted {
        let room = server.config.room.clone().try_acquire_owned().ok();
        Accepted { server, socket, remote, stop, room }
    }
}

/// A connection whose opening handshake is done.
struct Open {
    endpoint: Box<Endpoint<Socket>>,
    peer: Peer,
    room: Option<OwnedSemaphorePermit>,
}

/// Holds the opening handshake, and runs the application.
pub(super) fn serve(
    application: Arc<impl Run>,
    accepted: Accepted,
) -> impl Future<Output = ()> + Send {
    // Boxed, so that what the opening needs is gone when the connection is open.
    let opening = Box::pin(open(accepted));
    async move {
        let Some(Open { endpoint, peer, room }) = opening.await else {
            return;
        };
        // A proxy may have told of another address than that of the span.
        debug!(remote = %peer.remote(), draft = %peer.draft(), path = peer.path(), "open");
        let traffic = TrafficLog::open(&peer);
        let outcome = application.run(endpoint, peer).await;
        traffic.close();
        match outcome {
            Ok(()) => debug!("closed"),
            Err(error) => debug!(%error, "closed after an error"),
        }
        drop(room);
    }
}

async fn open(accepted: Accepted) -> Option<Open> {
    let Accepted { server, socket, remote, stop, mut room } = accepted;
    let (server, stop) = (&server, &stop);
    if room.is_none() {
        // The semaphore is never closed.
        room = server.config.room.clone().acquire_owned().await.ok();
    }
    let config = &*server.config;
    let content = server.application.content();
    let alarm = Alarm::new(stop.clone());
    match opening::open(socket, remote, config, content, alarm).await {
        Ok(Opened::WebSocket(endpoint, peer)) => {
            return Some(Open { endpoint, peer, room });
        }
        Ok(Opened::Page(socket)) => {
            debug!(%remote, "page");
            opening::serve_page(socket, config.page.as_deref().unwrap_or_default()).await;
        }
        #[cfg(feature = "http2")]
        Ok(Opened::Http2(begun)) => {
            debug!(%remote, "HTTP/2");
            let (socket, received, source) = *begun;
            Box::pin(super::http2::serve(server, socket, received, source, stop)).await;
        }
        Err(OpeningError::Rejected(rejected)) => {
            info!(remote = %rejected.remote, rejection = %rejected.rejection, "refused");
            Box::pin(rejected.answer()).await;
        }
        Err(OpeningError::Failed(error)) => info!(%remote, %error, "refused"),
        Err(OpeningError::Proxy(error)) => warn!(%remote, %error, "no header of the proxy"),
        Err(OpeningError::Tls(error)) => info!(%remote, %error, "TLS handshake failed"),
        Err(OpeningError::Silent) => debug!(%remote, "gone without a word"),
        Err(OpeningError::Stopped) => {
            debug!(%remote, "the server goes down during the opening handshake");
        }
    }
    None
}
