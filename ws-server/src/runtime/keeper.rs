//! Driving a connection that has no server.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::receiving::Receiving;
use super::shared::Shared;
use super::view::{Drive, View};

/// Drives a connection until it has ended. When it is dropped before that, the handles drive the
/// connection while one of their methods is awaited.
#[derive(Debug)]
pub(crate) struct Keeper<V: View>(Arc<Shared<V>>);

impl<V: View> Keeper<V> {
    pub(crate) fn new(shared: Arc<Shared<V>>) -> Keeper<V> {
        Keeper(shared)
    }
}

impl<V: Drive> Future for Keeper<V> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_drive(cx, Receiving::No, |panicked| panicked.closing_reason(None))
    }
}

impl<V: View> Drop for Keeper<V> {
    fn drop(&mut self) {
        self.0.resign();
    }
}
