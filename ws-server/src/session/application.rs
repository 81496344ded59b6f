//! What runs on open connections: byte-stream services and message services.

use std::future::Future;
use std::io;
use std::sync::Arc;

use super::{Admitted, Connections, Place, Run, Session, spawn};
use crate::policy::Content;
use crate::service::{MessageService, Service};

/// A service with its type erased. Called once per connection: the task that it spawns is generic
/// over the type again, so that the future of a connection is stored in its task without a box.
pub(crate) trait Application: Send + Sync {
    /// What the connections carry.
    fn content(&self) -> Content;

    /// Spawns a task that opens a connection and serves it until its end.
    fn spawn(self: Arc<Self>, admitted: Admitted, connections: &Connections);
}

/// A byte-stream service.
pub(crate) struct StreamApplication<S>(pub(crate) S);

impl<S: Service> Application for StreamApplication<S> {
    fn content(&self) -> Content {
        Content::Bytes
    }

    fn spawn(self: Arc<Self>, admitted: Admitted, connections: &Connections) {
        spawn(self, admitted, connections);
    }
}

impl<S: Service> Run for Arc<StreamApplication<S>> {
    fn run(
        &mut self,
        session: Session,
        place: Place,
    ) -> impl Future<Output = io::Result<()>> + Send {
        session.run_stream(place, |stream, peer| self.0.serve(stream, peer))
    }
}

/// A message service.
pub(crate) struct MessageApplication<S>(pub(crate) S);

impl<S: MessageService> Application for MessageApplication<S> {
    fn content(&self) -> Content {
        Content::Messages
    }

    fn spawn(self: Arc<Self>, admitted: Admitted, connections: &Connections) {
        spawn(self, admitted, connections);
    }
}

impl<S: MessageService> Run for Arc<MessageApplication<S>> {
    fn run(
        &mut self,
        session: Session,
        place: Place,
    ) -> impl Future<Output = io::Result<()>> + Send {
        session.run_messages(place, |socket, peer| self.0.serve(socket, peer))
    }
}
