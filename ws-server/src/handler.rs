//! Handlers that end with other types than `io::Result<()>`.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::byte_stream::ByteStream;
use crate::error::{RecvError, SendError};
use crate::peer::Peer;
use crate::service::{MessageService, Service};
use crate::websocket::WebSocket;

/// What a handler may end with: nothing, or a `Result` whose error is any error type, such as
/// `anyhow::Error` or `Box<dyn Error + Send + Sync>`.
#[diagnostic::on_unimplemented(
    message = "a handler cannot end with `{Self}`",
    label = "expected `()` or `Result<(), E>`",
    note = "`E` is any error type that converts into `Box<dyn Error + Send + Sync>`"
)]
pub trait Outcome {
    /// The outcome as a service has it.
    ///
    /// # Errors
    /// The error of the handler. An `io::Error`, [`RecvError`] or [`SendError`] keeps its kind, any
    /// other error becomes the inner error of one of kind `Other`.
    fn into_io_result(self) -> io::Result<()>;
}

impl Outcome for () {
    fn into_io_result(self) -> io::Result<()> {
        Ok(())
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Outcome for Result<(), E> {
    fn into_io_result(self) -> io::Result<()> {
        let Err(error) = self else {
            return Ok(());
        };
        let error = match error.into().downcast::<io::Error>() {
            Ok(error) => return Err(*error),
            Err(error) => error,
        };
        let error = match error.downcast::<RecvError>() {
            Ok(error) => return Err((*error).into()),
            Err(error) => error,
        };
        Err(match error.downcast::<SendError>() {
            Ok(error) => (*error).into(),
            Err(error) => io::Error::other(error),
        })
    }
}

pin_project! {
    /// Runs a handler, if there is one; its outcome is as a service has it.
    ///
    /// A type of its own: an `async` block would store the handler twice.
    pub(crate) struct Handling<F> {
        #[pin]
        handler: Option<F>,
    }
}

impl<F: Future<Output: Outcome>> Handling<F> {
    pub(crate) fn new(handler: Option<F>) -> Handling<F> {
        Handling { handler }
    }
}

impl<F: Future<Output: Outcome>> Future for Handling<F> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.project().handler.as_pin_mut() {
            Some(handler) => handler.poll(cx).map(Outcome::into_io_result),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// A service from a handler that ends with any [`Outcome`]; from [`message_fn`] or [`stream_fn`].
#[derive(Debug, Clone)]
pub struct HandlerFn<F>(F);

/// A message service from a handler that ends with `()` or with an error type of its own; one that
/// ends with `io::Result<()>` is a service as it is.
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

impl<F, R> Service for HandlerFn<F>
where
    F: Fn(ByteStream, Peer) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
{
    fn serve(&self, stream: ByteStream, peer: Peer) -> impl Future<Output = io::Result<()>> + Send {
        Handling::new(Some(self.0(stream, peer)))
    }
}
