//! A service, and its connection alongside.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use ws_core::{CloseReason, StatusCode};

pin_project! {
    /// A service and what keeps its connection going, done when both are; from
    /// [`serve_alongside`].
    ///
    /// A type of its own: an `async fn` would keep the service twice, once as its argument.
    pub(crate) struct Alongside<S, P> {
        #[pin]
        service: Service<S>,
        connection: Option<P>,
    }
}

pin_project! {
    #[project = ServiceProjection]
    enum Service<S> {
        Running { #[pin] future: S },
        Done { outcome: io::Result<()> },
    }
}

/// Polls a service and what keeps its connection going, and is done when both are.
///
/// `poll_connection` is told the service's outcome once there is one. It is dropped when it is
/// done, and the socket with it: a connection that has ended waits for nothing that its service
/// does afterwards.
pub(crate) fn serve_alongside<S, P>(service: S, poll_connection: P) -> Alongside<S, P>
where
    S: Future<Output = io::Result<()>>,
    P: FnMut(&mut Context<'_>, Option<&io::Result<()>>) -> Poll<()>,
{
    let service = Service::Running { future: service };
    Alongside { service, connection: Some(poll_connection) }
}

impl<S, P> Future for Alongside<S, P>
where
    S: Future<Output = io::Result<()>>,
    P: FnMut(&mut Context<'_>, Option<&io::Result<()>>) -> Poll<()>,
{
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        // Asked for first: of one among many connections, it comes from afar, and comes while the
        // service works.
        let connection = this.connection.as_mut();
        if let ServiceProjection::Running { future } = this.service.as_mut().project()
            && let Poll::Ready(outcome) = future.poll(cx)
        {
            this.service.set(Service::Done { outcome });
        }
        let outcome = match this.service.project() {
            ServiceProjection::Running { .. } => None,
            ServiceProjection::Done { outcome } => Some(outcome),
        };
        if let Some(poll_connection) = connection
            && poll_connection(cx, outcome.as_deref()).is_ready()
        {
            *this.connection = None;
        }
        match outcome {
            Some(outcome) if this.connection.is_none() => {
                Poll::Ready(std::mem::replace(outcome, Ok(())))
            }
            _ => Poll::Pending,
        }
    }
}

/// What the peer is told when the service has let go of its connection.
pub(crate) fn closing_reason(outcome: Option<&io::Result<()>>) -> CloseReason {
    let code = match outcome {
        Some(Err(_)) => StatusCode::INTERNAL_ERROR,
        Some(Ok(())) | None => StatusCode::NORMAL,
    };
    CloseReason::new(code, "")
}
