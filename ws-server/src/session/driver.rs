//! A service and the connection that it is served on, as one future.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::connections::{Place, report_panic};
use super::outcome::ServicePanicked;
use crate::runtime::driven::Driven;
use crate::runtime::panicked::Panicked;
use crate::runtime::receiving::Receiving;
use crate::runtime::shared::Shared;
use crate::runtime::view::{Drive, View};

pin_project! {
    /// Polls a service, and drives its connection whatever the service does. Ready when both have
    /// ended.
    ///
    /// A type of its own: an `async fn` would store the service twice, once as its argument.
    pub(super) struct Driver<S, V: View> {
        #[pin]
        service: ServiceState<S>,
        // `Some` until the connection has ended.
        connection: Option<Driving<V>>,
        // Whether this task is registered as the one that drives the connection: from the first
        // poll on.
        started: bool,
        // Left when the connection has ended, whether or not the service has.
        place: Place,
    }
}

/// A connection that is driven by the task of its service. Dropping it aborts the connection.
struct Driving<V: View>(Arc<Shared<V>>);

impl<V: View> Drop for Driving<V> {
    fn drop(&mut self) {
        self.0.cut();
    }
}

pin_project! {
    #[project = ServiceStateProjection]
    enum ServiceState<S> {
        Running { #[pin] future: S },
        Done { outcome: io::Result<()> },
    }
}

impl<S, V: View> Driver<S, V> {
    /// Drives `connection` while `service` runs, which holds its handle. `place` is left when the
    /// connection has ended.
    pub(super) fn new(service: S, connection: Arc<Shared<V>>, place: Place) -> Driver<S, V> {
        let service = ServiceState::Running { future: service };
        Driver { service, connection: Some(Driving(connection)), started: false, place }
    }
}

impl<S, V> Future for Driver<S, V>
where
    S: Future<Output = io::Result<()>>,
    V: Drive,
{
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if let (Some(driving), false) = (&this.connection, *this.started) {
            driving.0.set_driver(cx);
            *this.started = true;
        }
        if let ServiceStateProjection::Running { future } = this.service.as_mut().project() {
            let driven = this.connection.as_ref().map(|driving| Driven::enter(&*driving.0));
            let outcome = poll_service(future, cx);
            if let Poll::Ready(outcome) = outcome {
                // Drops the future, and with it a handle that it may still hold.
                this.service.set(ServiceState::Done { outcome });
            }
            drop(driven);
        }
        let outcome = match this.service.project() {
            ServiceStateProjection::Running { .. } => None,
            ServiceStateProjection::Done { outcome } => Some(outcome),
        };
        if let Some(Driving(connection)) = this.connection {
            let receiving = connection.take_receiving();
            if receiving == Receiving::Settled && outcome.is_none() {
                return Poll::Pending;
            }
            let closing = |panicked: Panicked| panicked.closing_reason(outcome.as_deref());
            if connection.poll_drive(cx, receiving, closing).is_ready() {
                *this.connection = None;
                this.place.leave();
            }
        }
        match outcome {
            Some(outcome) if this.connection.is_none() => {
                Poll::Ready(std::mem::replace(outcome, Ok(())))
            }
            _ => Poll::Pending,
        }
    }
}

/// Polls a service. A panic ends it with an error, and is logged.
fn poll_service(
    service: Pin<&mut impl Future<Output = io::Result<()>>>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    // Unwind safety: after a panic the future is only dropped.
    catch_unwind(AssertUnwindSafe(|| service.poll(cx))).unwrap_or_else(|panic| {
        report_panic(&*panic);
        Poll::Ready(Err(io::Error::other(ServicePanicked)))
    })
}
