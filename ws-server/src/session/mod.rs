//! The task of a connection, from its opening to its end: the same on a port and on a site.
//!
//! ```text
//! Place among Connections ─▶ a task that opens it ─▶ Session ─▶ Start: a task ─▶ the service
//! ```

#![cfg_attr(not(feature = "tower"), allow(unreachable_pub, reason = "sites name `Connections`"))]

mod connections;
mod driver;
#[cfg(all(test, ws_loom))]
mod loom_tests;
mod outcome;
mod traffic;

use std::future::Future;
use std::io;

use tracing::{Span, debug};

pub use connections::Connections;
pub(crate) use connections::{CutOnDrop, Place, words};
use driver::Driver;
use traffic::TrafficLog;

use crate::byte_stream::ByteStream;
use crate::endpoint::Endpoint;
use crate::peer::Peer;
use crate::policy::Content;
use crate::socket::Socket;
use crate::websocket::WebSocket;

/// A connection whose opening handshake is done.
pub(crate) struct Session {
    pub(crate) endpoint: Box<Endpoint<Socket>>,
    pub(crate) peer: Peer,
}

impl Session {
    /// Runs the service that `start` returns for a socket. The connection is driven whatever the
    /// service does, also when it has moved the socket to another task. When the socket is dropped,
    /// the connection is closed.
    pub(crate) fn run_messages<F>(
        self,
        place: Place,
        start: impl FnOnce(WebSocket, Peer) -> F,
    ) -> impl Future<Output = io::Result<()>>
    where
        F: Future<Output = io::Result<()>>,
    {
        let socket = WebSocket::over(*self.endpoint, self.peer.identity());
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
        let stream = ByteStream::over(*self.endpoint, self.peer.identity());
        let connection = stream.shared();
        Driver::new(start(stream, self.peer), connection, place)
    }
}

/// What runs on an open connection.
pub(crate) trait Run: Send + 'static {
    /// What the connection carries.
    const CONTENT: Content;

    /// Serves a connection and closes it; `place` is left when it has ended. Called once.
    fn run(
        &mut self,
        session: Session,
        place: Place,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

/// What runs on an open connection, with its type erased until the connection is open: the task
/// that it spawns is generic over the type again, so that the future of a connection is stored in
/// its task without a box.
pub(crate) trait Start: Send {
    /// What the connection carries.
    fn content(&self) -> Content;

    /// Spawns the task that serves an open connection until its end.
    fn start(self: Box<Self>, session: Session, place: Place, span: Span);
}

impl<R: Run> Start for R {
    fn content(&self) -> Content {
        R::CONTENT
    }

    fn start(self: Box<Self>, session: Session, place: Place, span: Span) {
        place.hand_over(|place| run(*self, session, place), span);
    }
}

/// Spawns a task that opens a connection, and starts what runs on it in a task of its own: nothing
/// of the opening handshake stays in memory. When there is no session, `opening` logs why.
pub(crate) fn spawn(
    opening: impl Future<Output = Option<(Session, Box<dyn Start>)>> + Send + 'static,
    place: Place,
    span: Span,
) {
    let opened = span.clone();
    let open = |place| async move {
        if let Some((session, application)) = opening.await {
            application.start(session, place, opened);
        }
    };
    place.spawn(open, span);
}

/// The task of an open connection.
#[allow(clippy::manual_async_fn, reason = "an `async fn` would store its arguments twice")]
fn run(
    mut application: impl Run,
    session: Session,
    place: Place,
) -> impl Future<Output = ()> + Send {
    async move {
        let (session, traffic) = begin_log(session);
        let outcome = application.run(session, place).await;
        traffic.close();
        outcome::log(outcome);
    }
}

/// Logs that a connection is open. The session is passed through: borrowed within the task, it
/// would be stored there until the end.
fn begin_log(session: Session) -> (Session, TrafficLog) {
    let peer = &session.peer;
    // The span has the address of the connection; a proxy may have named another one.
    debug!(remote = %peer.remote(), draft = %peer.draft(), path = peer.path(), "open");
    let traffic = TrafficLog::open(peer);
    (session, traffic)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::connections::Task;
    use super::*;
    use crate::application::MessageApplication;
    use crate::runtime::shared::Shared;
    use crate::service::MessageService;
    use crate::websocket::MessageState;

    /// The size of the task for a function's future; the function is not called.
    fn size_of_task<A, F>(_run: fn(A, Session, Place) -> F) -> usize {
        size_of::<Task<F>>()
    }

    /// The size of the task of a connection whose service holds only its socket.
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
        // With what tokio adds, the task then takes 512 bytes: a multiple of its alignment.
        assert!(task <= 352, "{task} bytes in each task");
        let shared = size_of::<Shared<MessageState<Socket>>>();
        assert!(shared <= 696, "{shared} bytes in each connection");
    }
}
