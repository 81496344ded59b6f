//! Callbacks that serve one connection.

use std::future::Future;
use std::io;

use crate::byte_stream::ByteStream;
use crate::handling::Handling;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::policy::Content;
use crate::session::{Place, Run, Session};
use crate::websocket::WebSocket;

/// A callback for one connection that exchanges messages; `None` once it was called.
pub(crate) struct MessageCallback<C>(Option<C>);

impl<C> MessageCallback<C> {
    pub(crate) fn new(callback: C) -> MessageCallback<C> {
        MessageCallback(Some(callback))
    }
}

impl<C, F> Run for MessageCallback<C>
where
    C: FnOnce(WebSocket, Peer) -> F + Send + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    const CONTENT: Content = Content::Messages;

    fn run(
        &mut self,
        session: Session,
        place: Place,
    ) -> impl Future<Output = io::Result<()>> + Send {
        let callback = self.0.take();
        session.run_messages(place, |socket, peer| {
            Handling::new(callback.map(|callback| callback(socket, peer)))
        })
    }
}

/// A callback for one connection that carries bytes; `None` once it was called.
pub(crate) struct StreamCallback<C>(Option<C>);

impl<C> StreamCallback<C> {
    pub(crate) fn new(callback: C) -> StreamCallback<C> {
        StreamCallback(Some(callback))
    }
}

impl<C, F> Run for StreamCallback<C>
where
    C: FnOnce(ByteStream, Peer) -> F + Send + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    const CONTENT: Content = Content::Bytes;

    fn run(
        &mut self,
        session: Session,
        place: Place,
    ) -> impl Future<Output = io::Result<()>> + Send {
        let callback = self.0.take();
        session.run_stream(place, |stream, peer| {
            Handling::new(callback.map(|callback| callback(stream, peer)))
        })
    }
}
