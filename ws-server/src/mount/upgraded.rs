//! From an upgraded connection to the socket beneath it.

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::socket::Socket;

/// The socket of an upgraded connection, and what was read from it already.
///
/// A socket of the system, or one of ours, is taken out of what HTTP has put around it, so that
/// each read and write is the socket's own; anything else is used as it is.
pub(super) fn socket(upgraded: Upgraded) -> (Socket, Bytes) {
    beneath::<TcpStream>(upgraded)
        .inspect(|(socket, _)| send_at_once(socket))
        .or_else(beneath::<Socket>)
        .or_else(beneath_unix)
        .unwrap_or_else(|upgraded| (Socket::other(TokioIo::new(upgraded)), Bytes::new()))
}

/// Under hyper-util's `auto`, which `axum::serve` uses, or under hyper's own `http1`.
fn beneath<IO>(upgraded: Upgraded) -> Result<(Socket, Bytes), Upgraded>
where
    IO: AsyncRead + AsyncWrite + Into<Socket> + Unpin + Send + 'static,
{
    match downcast::<TokioIo<IO>>(upgraded) {
        Ok(parts) => Ok((parts.io.into_inner().into(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<IO>>()?;
            Ok((parts.io.into_inner().into(), parts.read_buf))
        }
    }
}

#[cfg(unix)]
fn beneath_unix(upgraded: Upgraded) -> Result<(Socket, Bytes), Upgraded> {
    beneath::<UnixStream>(upgraded)
}

#[cfg(not(unix))]
fn beneath_unix(upgraded: Upgraded) -> Result<(Socket, Bytes), Upgraded> {
    Err(upgraded)
}

/// Small frames leave at once, which HTTP servers do not ask for by themselves.
fn send_at_once(socket: &Socket) {
    if let Socket::Tcp(stream) = socket
        && let Err(error) = stream.set_nodelay(true)
    {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}
