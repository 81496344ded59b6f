//! Running a service on messages, and ending its connection.

use std::future::Future;
use std::io;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};

use super::WebSocket;
use crate::alongside::{closing_reason, serve_alongside};
use crate::endpoint::{Endpoint, Finish};
use crate::lease::Home;

/// Runs the service that `start` makes of a socket. Once the socket is dropped, by whichever
/// task has it then, the connection is closed in order.
pub(crate) fn serve<IO, F>(
    endpoint: Box<Endpoint<IO>>,
    start: impl FnOnce(WebSocket<IO>) -> F,
) -> impl Future<Output = io::Result<()>>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = io::Result<()>>,
{
    let (socket, home) = WebSocket::lease(endpoint);
    let mut connection = Connection::Lent(home);
    serve_alongside(start(socket), move |cx, outcome| {
        loop {
            match &mut connection {
                Connection::Lent(home) => {
                    let Some(mut endpoint) = ready!(home.poll(cx)) else {
                        return Poll::Ready(());
                    };
                    endpoint.link.close(Some(closing_reason(outcome)));
                    connection = Connection::Ending(endpoint, Finish::AwaitClose);
                }
                Connection::Ending(endpoint, finish) => return endpoint.poll_finish(cx, finish),
            }
        }
    })
}

/// Whose turn it is with a connection.
enum Connection<IO> {
    /// The service's.
    Lent(Home<Box<Endpoint<IO>>>),
    /// Ours, to end it.
    Ending(Box<Endpoint<IO>>, Finish),
}
