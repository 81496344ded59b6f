//! The applications: a service of byte streams or of messages, which accepts every request, and a
//! function that decides.

use std::future::Future;
use std::io;
use std::sync::Arc;

use ws_core::Rejection;

use super::accept::Accept;
use super::decide::{Application, Decision};
use super::request::OpeningRequest;
use crate::policy::Content;
use crate::service::{MessageService, Service};
use crate::session::{Place, Run, Session};

/// A byte-stream service.
pub(crate) struct StreamApplication<S>(pub(crate) S);

impl<S: Service> Application for StreamApplication<S> {
    fn decide(self: Arc<Self>, request: OpeningRequest) -> Decision {
        Box::pin(std::future::ready(Ok(Accept::new(request, Box::new(self)))))
    }
}

impl<S: Service> Run for Arc<StreamApplication<S>> {
    const CONTENT: Content = Content::Bytes;

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
    fn decide(self: Arc<Self>, request: OpeningRequest) -> Decision {
        Box::pin(std::future::ready(Ok(Accept::new(request, Box::new(self)))))
    }
}

impl<S: MessageService> Run for Arc<MessageApplication<S>> {
    const CONTENT: Content = Content::Messages;

    fn run(
        &mut self,
        session: Session,
        place: Place,
    ) -> impl Future<Output = io::Result<()>> + Send {
        session.run_messages(place, |socket, peer| self.0.serve(socket, peer))
    }
}

/// A function that decides on each request.
pub(crate) struct Deciding<D>(pub(crate) D);

impl<D, F> Application for Deciding<D>
where
    D: Fn(OpeningRequest) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Accept, Rejection>> + Send + 'static,
{
    fn decide(self: Arc<Self>, request: OpeningRequest) -> Decision {
        // The function is called within the poll, where a panic is caught.
        Box::pin(async move { (self.0)(request).await })
    }
}
