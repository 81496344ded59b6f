//! A connection as its task and its handles see it.

use std::task::{Context, Poll};

use ws_core::CloseReason;

use super::receiving::Receiving;

/// A connection as its application sees it: messages, or bytes.
pub(crate) trait View {
    /// Whether nothing can be sent any more.
    fn is_closed(&self) -> bool;

    /// Ends the connection where it is.
    fn cut(&mut self);
}

/// A connection that can be driven.
pub(crate) trait Drive: View {
    /// Does what is to be done beside the handles, of which `receiving` tells, until the connection
    /// is over; then ends it. When no handle is left, it is closed for the reason in `left`. Ready
    /// when it has ended.
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
    /// The state of the connection: its end has begun, or a deadline has passed.
    State,
}
