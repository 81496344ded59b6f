//! What the task of a connection does for it, over its socket.

use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::CloseReason;

use super::receiving::Receiving;
use super::shared::{Drive, View};
use crate::endpoint::{Endpoint, News};
use crate::error::RecvError;

/// What becomes of what comes.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It is received.
    Open,
    /// Nobody receives it: it is dropped.
    Dropped,
    /// It has ended; whoever receives is told once if that was an error.
    Ended(Option<RecvError>),
}

/// A connection over its socket.
pub(crate) trait Held: View {
    /// The socket.
    type Io: AsyncRead + AsyncWrite + Unpin;

    /// The connection itself.
    fn endpoint(&mut self) -> &mut Endpoint<Self::Io>;

    /// Takes note that nobody receives any more: what comes is dropped.
    fn discard(&mut self);

    /// Whether nothing more comes.
    fn has_ended(&self) -> bool;

    /// Reads one step ahead; `None` when there is no more room, and nothing more to read.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Option<Poll<()>>;
}

impl<H: Held> Drive for H {
    fn poll_drive(
        &mut self,
        cx: &mut Context<'_>,
        receiving: Receiving,
        left: Option<CloseReason>,
    ) -> (Poll<()>, News) {
        let mut news = News::Nothing;
        if left.is_some() {
            self.discard();
            self.endpoint().close(left);
        } else if !self.endpoint().connection().is_over() {
            news = match receiving {
                Receiving::No => poll_ahead(self, cx),
                // Whoever waits is told of what comes.
                Receiving::Waiting | Receiving::Settled => self.endpoint().poll_beside(cx),
            };
            if !self.endpoint().connection().is_over() {
                return (Poll::Pending, news);
            }
            news = News::Changed;
        }
        let ended = self.endpoint().poll_end(cx);
        if ended.is_ready() {
            self.endpoint().disconnect();
        }
        (ended, news)
    }
}

/// Does what is to be done while nobody receives: reads ahead, as far as it may, answers pings,
/// sends what waits, keeps deadlines.
fn poll_ahead<H: Held>(held: &mut H, cx: &mut Context<'_>) -> News {
    let mut news = News::Nothing;
    loop {
        match held.poll_step(cx) {
            Some(Poll::Ready(())) => news = News::Received,
            Some(Poll::Pending) => return news,
            None if held.has_ended() => return held.endpoint().poll_beside(cx).max(news),
            None => return held.endpoint().poll_unheard(cx).max(news),
        }
        if held.has_ended() {
            news = News::Changed;
        }
    }
}
