//! A value that goes home when its holder drops it.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio::task::coop::unconstrained;

use crate::bell::Bell;

/// Lends a value to somebody who may drop it anywhere; the owner gets it back then.
///
/// So the closing handshake of a connection is held whatever its service does with it.
#[derive(Debug)]
pub(crate) struct Lease<T> {
    /// Present until the drop.
    value: Option<T>,
    home: Option<oneshot::Sender<T>>,
}

impl<T> Lease<T> {
    /// A lease, and where the value comes back.
    pub(crate) fn new(value: T) -> (Lease<T>, Home<T>) {
        let (sender, receiver) = oneshot::channel();
        (Lease { value: Some(value), home: Some(sender) }, Home { receiver, bell: Bell::new() })
    }

    /// A value that nobody waits for.
    pub(crate) fn owned(value: T) -> Lease<T> {
        Lease { value: Some(value), home: None }
    }
}

/// Where a lent value comes back.
#[derive(Debug)]
pub(crate) struct Home<T> {
    receiver: oneshot::Receiver<T>,
    bell: Bell,
}

impl<T> Home<T> {
    /// Waits until it is back, or will never be; not to be polled after that.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match self.bell.is_quiet(cx.waker()) {
            true => Poll::Pending,
            false => self.look(cx),
        }
    }

    /// Outside the task's budget: with none left, it would be pending without having registered
    /// anybody.
    #[cold]
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let rung = self.bell.rung();
        let bell = self.bell.waker(cx.waker());
        let receiver = pin!(unconstrained(&mut self.receiver));
        let outcome = receiver.poll(&mut Context::from_waker(&bell));
        if outcome.is_pending() {
            self.bell.listen(rung, cx.waker());
        }
        outcome.map(Result::ok)
    }
}

impl<T> Deref for Lease<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.value {
            Some(value) => value,
            None => unreachable!("a lease holds its value until it is dropped"),
        }
    }
}

impl<T> DerefMut for Lease<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.value {
            Some(value) => value,
            None => unreachable!("a lease holds its value until it is dropped"),
        }
    }
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        if let (Some(home), Some(value)) = (self.home.take(), self.value.take()) {
            // When the owner is gone, the value ends here.
            drop(home.send(value));
        }
    }
}
