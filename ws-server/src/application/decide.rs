//! Asking the application for its decision.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tracing::error;
use ws_core::Rejection;

use super::accept::Accept;
use super::fields::{check_rejection, failed};
use super::request::OpeningRequest;
use crate::session::words;

/// What answers the requests for a WebSocket that a port or site has checked.
pub(crate) trait Application: Send + Sync {
    /// Decides on a request. Called once per connection.
    fn decide(self: Arc<Self>, request: OpeningRequest) -> Decision;
}

/// A decision that may take time. Dropping it ends it.
pub(crate) type Decision = Pin<Box<dyn Future<Output = Result<Accept, Rejection>> + Send>>;

/// The decision of the application, checked. Dropping the future ends the decision.
///
/// # Errors
/// The rejection of the application; one with status 500 when it panics, or when it adds to its
/// answer what cannot be sent.
pub(crate) async fn decide(
    application: &Arc<dyn Application>,
    request: OpeningRequest,
) -> Result<Accept, Rejection> {
    let mut decision = application.clone().decide(request);
    let decided = poll_fn(|cx| {
        // Unwind safety: after a panic the future is only dropped.
        let poll = AssertUnwindSafe(|| decision.as_mut().poll(cx));
        catch_unwind(poll).unwrap_or_else(|panic| {
            error!(error = words(&*panic), "the decision on a request panicked");
            Poll::Ready(Err(failed()))
        })
    });
    match decided.await {
        Ok(accept) => accept.check(),
        Err(rejection) => {
            check_rejection(&rejection)?;
            Err(rejection)
        }
    }
}
