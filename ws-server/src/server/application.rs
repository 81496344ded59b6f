//! What runs on open connections: services of bytes and of messages.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use super::connection::{self, Accepted};
use crate::byte_stream;
use crate::endpoint::Endpoint;
#[cfg(feature = "tower")]
use crate::mount;
use crate::peer::Peer;
use crate::policy::Content;
use crate::service::{MessageService, Service};
use crate::socket::Socket;
use crate::websocket;

/// A service, whatever its type. Asked once per connection: the task that it spawns knows the
/// type again, so a connection lies in its task whole, with no box between.
pub(crate) trait Application: Send + Sync {
    /// What the connections carry.
    fn content(&self) -> Content;

    /// Serves a connection of our own port, from its accept to its end.
    fn spawn(self: Arc<Self>, accepted: Accepted, connections: &mut JoinSet<()>, span: Span);

    /// Serves a connection of a site, as soon as the site has handed it over; answers the request.
    #[cfg(feature = "tower")]
    fn spawn_mounted(
        self: Arc<Self>,
        accepted: mount::Accepted,
        connections: &mount::Connections,
    ) -> http::Response<http_body_util::Full<bytes::Bytes>>;
}

/// A service, and how it runs on a connection.
pub(super) trait Run: Send + Sync + 'static {
    /// What the connections carry.
    const CONTENT: Content;

    /// Serves a connection and closes it.
    fn run(
        &self,
        endpoint: Box<Endpoint<Socket>>,
        peer: Peer,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

/// A byte-stream service.
pub(crate) struct Wrapped<S>(pub(crate) S);

impl<S: Service> Run for Wrapped<S> {
    const CONTENT: Content = Content::Bytes;

    fn run(
        &self,
        endpoint: Box<Endpoint<Socket>>,
        peer: Peer,
    ) -> impl Future<Output = io::Result<()>> + Send {
        byte_stream::serve(endpoint, peer, |stream, peer| self.0.serve(stream, peer))
    }
}

/// A message service.
pub(crate) struct Messages<S>(pub(crate) S);

impl<S: MessageService> Run for Messages<S> {
    const CONTENT: Content = Content::Messages;

    fn run(
        &self,
        endpoint: Box<Endpoint<Socket>>,
        peer: Peer,
    ) -> impl Future<Output = io::Result<()>> + Send {
        websocket::serve(endpoint, |socket| self.0.serve(socket, peer))
    }
}

impl<R: Run> Application for R {
    fn content(&self) -> Content {
        R::CONTENT
    }

    fn spawn(self: Arc<Self>, accepted: Accepted, connections: &mut JoinSet<()>, span: Span) {
        let serving = connection::serve(self, accepted);
        // A span that nobody sees would be memory that each wake-up looks into.
        match span.is_disabled() {
            true => connections.spawn(serving),
            false => connections.spawn(serving.instrument(span)),
        };
    }

    #[cfg(feature = "tower")]
    fn spawn_mounted(
        self: Arc<Self>,
        accepted: mount::Accepted,
        connections: &mount::Connections,
    ) -> http::Response<http_body_util::Full<bytes::Bytes>> {
        accepted
            .spawn(connections, move |endpoint, peer| async move { self.run(endpoint, peer).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket::WebSocket;

    /// The size of what a function gives, which is not called.
    fn size_of_task<A, F>(_serve: fn(Arc<A>, Accepted) -> F) -> usize {
        size_of::<F>()
    }

    /// The task of a connection whose service holds nothing but its socket.
    fn of_messages<S: MessageService>(_service: &S) -> usize {
        size_of_task::<Messages<S>, _>(connection::serve)
    }

    #[test]
    fn a_connection_that_is_open_costs_its_task_little() {
        let service = async |socket: WebSocket, _peer: Peer| {
            socket.close(None).await;
            Ok(())
        };
        let task = of_messages(&move |socket, peer| service(socket, peer));
        // With what tokio adds there are 384 bytes then, and it aligns them to 128.
        assert!(task <= 280, "{task} bytes in each task");
        let endpoint = size_of::<Endpoint<Socket>>();
        assert!(endpoint <= 512, "{endpoint} bytes in each connection");
    }
}
