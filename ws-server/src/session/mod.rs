//! A connection from its opening to its end: the same task on a port and on a site.
//!
//! ```text
//! Admitted ─▶ Application::spawn ─▶ Connections: a task ─▶ its opening ─▶ Session ─▶ the service
//! ```

#![cfg_attr(not(feature = "tower"), allow(unreachable_pub, reason = "sites name `Connections`"))]

mod application;
mod connections;
mod driver;
#[cfg(all(test, ws_loom))]
mod loom_tests;
mod traffic;

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::sync::OwnedSemaphorePermit;
use tracing::{Span, debug};

pub(crate) use application::{Application, MessageApplication, StreamApplication};
pub use connections::Connections;
pub(crate) use connections::{CutOnDrop, Place};
use driver::Driver;
use traffic::TrafficLog;

use crate::byte_stream::ByteStream;
use crate::endpoint::Endpoint;
use crate::peer::Peer;
use crate::socket::Socket;
use crate::websocket::WebSocket;

/// A connection that was let in, and is to be opened.
pub(crate) struct Admitted {
    /// Boxed, and not within the task, so that what it needs is gone when the connection is open.
    pub(crate) opening: OpeningFuture,
    /// Its place among the connections that there may be at once
    /// ([`max_connections`](crate::Builder::max_connections)). It is taken when the connection
    /// comes in, before anything is read from it: on a port with the accept, on a site with the
    /// answer to its request, which may be one in a stream of HTTP/2. It is free again when the
    /// task has ended, whether the connection was ever open or not.
    pub(crate) permit: OwnedSemaphorePermit,
    /// What the log tells of it, whatever happens.
    pub(crate) span: Span,
}

/// The opening handshake. It says itself in the log why there is no session.
pub(crate) type OpeningFuture = Pin<Box<dyn Future<Output = Option<Session>> + Send>>;

/// A connection whose opening handshake is done.
pub(crate) struct Session {
    pub(crate) endpoint: Box<Endpoint<Socket>>,
    pub(crate) peer: Peer,
}

impl Session {
    /// Runs the service that `start` makes of a socket, and drives the connection whatever it does,
    /// in whichever task the socket is. When the socket is dropped, the connection is closed.
    pub(crate) fn run_messages<F>(
        self,
        place: Place,
        start: impl FnOnce(WebSocket, Peer) -> F,
    ) -> impl Future<Output = io::Result<()>>
    where
        F: Future<Output = io::Result<()>>,
    {
        let socket = WebSocket::over(*self.endpoint);
        let connection = socket.shared();
        Driver::new(start(socket, self.peer), connection, place)
    }

    /// As [`run_messages`](Session::run_messages), with a stream of bytes.
    pub(crate) fn run_stream<F>(
        self,
        place: Place,
        start: impl FnOnce(ByteStream, Peer) -> F,
    ) -> impl Future<Output = io::Result<()>>
    where
        F: Future<Output = io::Result<()>>,
    {
        let stream = ByteStream::over(*self.endpoint, self.peer.subprotocol());
        let connection = stream.shared();
        Driver::new(start(stream, self.peer), connection, place)
    }
}

/// What runs on a connection that is open.
pub(crate) trait Run: Send + 'static {
    /// Serves a connection and closes it; it has this place until it has ended. Called once.
    fn run(
        &mut self,
        session: Session,
        place: Place,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

/// Opens a connection and runs `application` on it, in a task of its own among `connections`.
pub(crate) fn spawn(application: impl Run, admitted: Admitted, connections: &Connections) {
    let Admitted { opening, permit, span } = admitted;
    connections.spawn(|place| run(application, opening, place), permit, span);
}

/// The task of a connection.
#[allow(clippy::manual_async_fn, reason = "an `async fn` would have room for its arguments twice")]
fn run(
    mut application: impl Run,
    opening: OpeningFuture,
    place: Place,
) -> impl Future<Output = ()> + Send {
    async move {
        let Some(session) = opening.await else {
            return;
        };
        let (session, traffic) = begin_log(session);
        let outcome = application.run(session, place).await;
        traffic.close();
        match outcome {
            Ok(()) => debug!("closed"),
            Err(error) => debug!(%error, "closed after an error"),
        }
    }
}

/// Says that a connection is open. It is passed through: borrowed within the task, it would have
/// room there until the end.
fn begin_log(session: Session) -> (Session, TrafficLog) {
    let peer = &session.peer;
    // A proxy may have told of another address than that of the span.
    debug!(remote = %peer.remote(), draft = %peer.draft(), path = peer.path(), "open");
    let traffic = TrafficLog::open(peer);
    (session, traffic)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::connections::Task;
    use super::*;
    use crate::runtime::shared::Shared;
    use crate::service::MessageService;
    use crate::websocket::MessageState;

    /// The size of what a function gives, which is not called.
    fn size_of_task<A, F>(_run: fn(A, OpeningFuture, Place) -> F) -> usize {
        size_of::<Task<F>>()
    }

    /// The task of a connection whose service holds nothing but its socket.
    fn of_messages<S: MessageService>(_service: &S) -> usize {
        size_of_task::<Arc<MessageApplication<S>>, _>(run)
    }

    #[test]
    fn a_connection_that_is_open_costs_its_task_little() {
        let service = async |socket: WebSocket, _peer: Peer| {
            socket.close(None).await;
            Ok(())
        };
        let task = of_messages(&move |socket, peer| service(socket, peer));
        // With what tokio adds there are 512 bytes then, to which it aligns them.
        assert!(task <= 352, "{task} bytes in each task");
        let shared = size_of::<Shared<MessageState<Socket>>>();
        assert!(shared <= 688, "{shared} bytes in each connection");
    }
}
