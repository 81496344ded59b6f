//! A handler that runs.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::outcome::Outcome;

pin_project! {
    /// Runs a handler, if there is one; its outcome is as a service has it.
    ///
    /// A type of its own: an `async` block would store the handler twice.
    pub(crate) struct Handling<F> {
        #[pin]
        handler: Option<F>,
    }
}

impl<F: Future<Output: Outcome>> Handling<F> {
    pub(crate) fn new(handler: Option<F>) -> Handling<F> {
        Handling { handler }
    }
}

impl<F: Future<Output: Outcome>> Future for Handling<F> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.project().handler.as_pin_mut() {
            Some(handler) => handler.poll(cx).map(Outcome::into_io_result),
            None => Poll::Ready(Ok(())),
        }
    }
}
