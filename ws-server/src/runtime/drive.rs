//! What the task of a connection does for it.

use std::task::{Context, Poll, Waker};

use ws_core::CloseReason;

use super::panicked::Panicked;
use super::receiving::Receiving;
use super::shared::Shared;
use super::view::{Change, Drive};
use super::wakers::Side;

impl<V: Drive> Shared<V> {
    /// Registers the task of `cx` as the driver.
    pub(crate) fn set_driver(&self, cx: &Context<'_>) {
        let replaced = self.lock().set_driver(cx.waker());
        drop(replaced);
    }

    /// Visits the connection for a handle that waits for its end, and drives it if it has no
    /// driver.
    pub(crate) fn poll_closed<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut V) -> Poll<R>,
    ) -> Poll<R> {
        let state = self.lock();
        if state.driver.is_some() {
            return self.visit_locked(state, Side::Closed, cx, |view, _cx| poll(view));
        }
        self.visit_locked(state, Side::Closed, cx, |view, cx| {
            // What changed has woken all tasks.
            let _gone_on = view.poll_drive(cx, Receiving::No, None);
            poll(view)
        })
    }

    /// Drives the connection, whatever its handles do, and ends it when it is over. When no handle
    /// is left, it is closed with the reason that `closing` returns. Ready when it has ended.
    pub(crate) fn poll_drive(
        &self,
        cx: &mut Context<'_>,
        receiving: Receiving,
        closing: impl FnOnce(Panicked) -> CloseReason,
    ) -> Poll<()> {
        let mut state = self.lock();
        let replaced = state.set_driver(cx.waker());
        let others = state.others_wait.then(|| state.wakers().clone());
        let all = others.clone().map(Waker::from);
        let waker = all.as_ref().unwrap_or(cx.waker());
        let left = (state.handles == 0).then(|| closing(state.panicked));
        let (ended, change) =
            state.view.poll_drive(&mut Context::from_waker(waker), receiving, left);
        self.note_closed(&state);
        let news = state.view.take_news();
        drop(state);
        drop(replaced);
        if change == Change::State || news || ended.is_ready() {
            // Handles in the driver's task have not seen it.
            cx.waker().wake_by_ref();
        }
        if let Some(others) = others
            && (change > Change::Nothing || news || ended.is_ready())
        {
            others.wake_others();
        }
        ended
    }
}
