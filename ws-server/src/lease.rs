//! A value that goes home when its holder drops it.

use std::ops::{Deref, DerefMut};

use tokio::sync::oneshot;

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
    pub(crate) fn new(value: T) -> (Lease<T>, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        (Lease { value: Some(value), home: Some(sender) }, receiver)
    }

    /// A value that nobody waits for.
    pub(crate) fn owned(value: T) -> Lease<T> {
        Lease { value: Some(value), home: None }
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
