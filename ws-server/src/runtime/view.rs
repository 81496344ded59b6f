//! The interface of a connection to its task and its handles.

use std::task::{Context, Poll};

use ws_core::CloseReason;

use super::receiving::Receiving;

/// A connection that is shared with its application, as messages or as bytes.
pub(crate) trait View {
    /// Whether nothing can be sent any more.
    fn is_closed(&self) -> bool;

    /// Aborts the connection.
    fn cut(&mut self);

    /// Whether something has come, since the last call, that a handle waits for which neither
    /// receives nor sends: the task of the handle is then woken.
    fn take_news(&mut self) -> bool {
        false
    }
}

/// A connection that can be driven.
pub(crate) trait Drive: View {
    /// Does what the handles do not do until the connection is over, and then ends it. `receiving`
    /// tells whether a handle reads. `left` is `Some` when there is no handle any more: then the
    /// connection is closed with this reason. Ready when it has ended; and what has changed.
    fn poll_drive(
        &mut self,
        cx: &mut Context<'_>,
        receiving: Receiving,
        left: Option<CloseReason>,
    ) -> (Poll<()>, Change);
}

/// What has changed while the task drove a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing that a handle waits for.
    Nothing,
    /// Data was received.
    Received,
    /// The state of the connection: its end has begun, or a deadline or the shutdown was handled.
    State,
}
