//! Futures within a task: with their own wakers, or polled once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled only when its own waker was woken, as in `FuturesUnordered` and
/// `join_all`.
pub(super) struct Child {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Arc<ChildWaker>,
}

struct ChildWaker {
    task: Waker,
    is_woken: AtomicBool,
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

impl Child {
    pub(super) fn new(future: impl Future<Output = ()> + 'static, cx: &Context<'_>) -> Child {
        let waker = ChildWaker { task: cx.waker().clone(), is_woken: AtomicBool::new(true) };
        Child { future: Box::pin(future), waker: Arc::new(waker) }
    }

    /// Polls the future if it was woken. Returns whether it is ready.
    pub(super) fn poll(&mut self) -> bool {
        self.waker.is_woken.swap(false, Ordering::Relaxed)
            && self
                .future
                .as_mut()
                .poll(&mut Context::from_waker(&self.waker.clone().into()))
                .is_ready()
    }
}

/// Waits for both futures, each with its own waker.
pub(super) async fn join(
    one: impl Future<Output = ()> + 'static,
    other: impl Future<Output = ()> + 'static,
) {
    let mut futures = Some((one, other));
    let mut children = Vec::new();
    poll_fn(|cx| {
        if let Some((one, other)) = futures.take() {
            children = vec![Child::new(one, cx), Child::new(other, cx)];
        }
        children.retain_mut(|child| !child.poll());
        if children.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Polls a future once, and drops it.
pub(super) async fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _cancelled = future.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}
