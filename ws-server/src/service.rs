//! The traits of services: over byte streams, and over messages.

use std::future::Future;
use std::io;

use crate::byte_stream::ByteStream;
use crate::handling::Handling;
use crate::outcome::{Never, Outcome};
use crate::peer::Peer;
use crate::websocket::WebSocket;

/// A service written against a byte stream.
///
/// Every `Fn(ByteStream, Peer) -> impl Future<Output = io::Result<()>>` is one, also with `()` as
/// the output. A handler with another error type is one by [`stream_fn`](crate::stream_fn). Your
/// own types can implement it with an `async fn`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service of byte streams",
    label = "expected a function of a `ByteStream` and a `Peer`",
    note = "its future ends with `()` or `io::Result<()>`; wrap one with another \
            error in `ws_server::stream_fn`"
)]
pub trait Service: Send + Sync + 'static {
    /// Serves one connection. When this has returned and the stream is dropped, the connection is
    /// closed: with status 1000 after `Ok`, 1011 after an error or panic (RFC 6455 §7.4.1).
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send;
}

impl<F, R> Service for F
where
    F: Fn(ByteStream, Peer) -> R + Send + Sync + 'static,
    R: Future<Output: ServiceResult> + Send + 'static,
{
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        Handling::new(Some(self(stream, peer)))
    }
}

/// A service that exchanges messages.
///
/// Every `Fn(WebSocket, Peer) -> impl Future<Output = io::Result<()>>` is one, also with `()` as
/// the output. A handler with another error type is one by [`message_fn`](crate::message_fn). Your
/// own types can implement it with an `async fn`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message handler",
    label = "expected a function of a `WebSocket` and a `Peer`",
    note = "its future ends with `()` or `io::Result<()>`; wrap one with another \
            error in `ws_server::message_fn`"
)]
pub trait MessageService: Send + Sync + 'static {
    /// Serves one connection. When this has returned and the socket is dropped, the connection is
    /// closed: with status 1000 after `Ok`, 1011 after an error or panic (RFC 6455 §7.4.1).
    fn serve(&self, socket: WebSocket, peer: Peer) -> impl Future<Output = io::Result<()>> + Send;
}

impl<F, R> MessageService for F
where
    F: Fn(WebSocket, Peer) -> R + Send + Sync + 'static,
    R: Future<Output: ServiceResult> + Send + 'static,
{
    fn serve(&self, socket: WebSocket, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        Handling::new(Some(self(socket, peer)))
    }
}

/// What a function that is a service ends with: `()` or `io::Result<()>`. There is no other error
/// type, so that the compiler knows the one of a closure that uses `?`.
#[diagnostic::on_unimplemented(
    message = "a handler that is passed as it is ends with `()` or `io::Result<()>`, not with \
               `{Self}`",
    label = "ends with `{Self}`",
    note = "for another error type wrap it: `message_fn(handler)`, or `stream_fn(handler)` for a \
            byte stream"
)]
pub trait ServiceResult: Outcome {}

#[diagnostic::do_not_recommend]
impl ServiceResult for () {}

#[diagnostic::do_not_recommend]
impl ServiceResult for Never {}

#[diagnostic::do_not_recommend]
impl ServiceResult for io::Result<()> {}
