//! The traits of services: over byte streams, and over messages.

use std::future::Future;
use std::io;

use crate::byte_stream::ByteStream;
use crate::peer::Peer;
use crate::websocket::WebSocket;

/// A service written against a byte stream.
///
/// A handler that ends with something else than `io::Result<()>` is one by
/// [`stream_fn`](crate::stream_fn).
///
/// Every `Fn(ByteStream, Peer) -> impl Future<Output = io::Result<()>>` is one. Your own types can
/// implement it with an `async fn`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service of byte streams",
    label = "expected a function of a `ByteStream` and a `Peer`",
    note = "its future ends with `io::Result<()>`; wrap one that ends with `()` or another error \
            in `ws_server::stream_fn`"
)]
pub trait Service: Send + Sync + 'static {
    /// Serves one connection. When this has returned and the stream is dropped, the connection is
    /// closed: with status 1000 after `Ok`, 1011 after an error or panic (RFC 6455 §7.4.1).
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send;
}

impl<F, R> Service for F
where
    F: Fn(ByteStream, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        self(stream, peer)
    }
}

/// A service that exchanges messages.
///
/// A handler that ends with something else than `io::Result<()>` is one by
/// [`message_fn`](crate::message_fn).
///
/// Every `Fn(WebSocket, Peer) -> impl Future<Output = io::Result<()>>` is one. Your own types can
/// implement it with an `async fn`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message handler",
    label = "expected a function of a `WebSocket` and a `Peer`",
    note = "its future ends with `io::Result<()>`; wrap one that ends with `()` or another error \
            in `ws_server::message_fn`"
)]
pub trait MessageService: Send + Sync + 'static {
    /// Serves one connection. When this has returned and the socket is dropped, the connection is
    /// closed: with status 1000 after `Ok`, 1011 after an error or panic (RFC 6455 §7.4.1).
    fn serve(&self, socket: WebSocket, peer: Peer) -> impl Future<Output = io::Result<()>> + Send;
}

impl<F, R> MessageService for F
where
    F: Fn(WebSocket, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    fn serve(&self, socket: WebSocket, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        self(socket, peer)
    }
}
