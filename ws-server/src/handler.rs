//! Handlers with other error types than `io::Error`.

use std::future::Future;
use std::io;

use crate::byte_stream::ByteStream;
use crate::handling::Handling;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::service::{MessageService, Service};
use crate::websocket::WebSocket;

/// A service from a handler that ends with any [`Outcome`]; from [`message_fn`] or [`stream_fn`].
#[derive(Debug, Clone)]
pub struct HandlerFn<F>(F);

/// A message service from a handler with an error type of its own; one that ends with `()` or
/// `io::Result<()>` is a service as it is.
///
/// ```
/// use ws_server::{Server, WebSocket, message_fn};
///
/// async fn count(mut socket: WebSocket) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     let first = socket.recv().await.ok_or("no message came")??;
///     let count: u32 = first.as_text().unwrap_or_default().parse()?;
///     socket.send((count + 1).to_string()).await?;
///     Ok(())
/// }
///
/// # fn server() -> Result<Server, ws_server::BuildError> {
/// Server::builder().messages(message_fn(|socket, _peer| count(socket)))
/// # }
/// ```
pub fn message_fn<F, R>(handler: F) -> HandlerFn<F>
where
    F: Fn(WebSocket, Peer) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
{
    HandlerFn(handler)
}

#[diagnostic::do_not_recommend]
impl<F, R> MessageService for HandlerFn<F>
where
    F: Fn(WebSocket, Peer) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
{
    fn serve(&self, socket: WebSocket, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        Handling::new(Some(self.0(socket, peer)))
    }
}

/// As [`message_fn`], for a service of byte streams.
pub fn stream_fn<F, R>(handler: F) -> HandlerFn<F>
where
    F: Fn(ByteStream, Peer) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
{
    HandlerFn(handler)
}

#[diagnostic::do_not_recommend]
impl<F, R> Service for HandlerFn<F>
where
    F: Fn(ByteStream, Peer) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
{
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        Handling::new(Some(self.0(stream, peer)))
    }
}
