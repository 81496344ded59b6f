//! Taking the socket out of an upgraded connection.

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::socket::Socket;

/// The socket of an upgraded connection, and the bytes that were already read from it.
///
/// A socket of tokio, or a [`Socket`], is taken out of the layers that HTTP has put around it, so
/// that it is read and written directly. Anything else is used with its layers.
pub(super) fn socket(upgraded: Upgraded) -> (Socket, Bytes) {
    beneath::<TcpStream>(upgraded)
        .inspect(|(socket, _)| send_at_once(socket))
        .or_else(beneath::<Socket>)
        .or_else(beneath_unix)
        .unwrap_or_else(|upgraded| (Socket::other(TokioIo::new(upgraded)), Bytes::new()))
}

/// The socket under hyper-util's `auto`, which `axum::serve` uses, or under hyper's `http1`.
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

/// Sets `TCP_NODELAY`, so that small frames are sent at once: HTTP servers often leave it unset.
fn send_at_once(socket: &Socket) {
    if let Socket::Tcp(stream) = socket
        && let Err(error) = stream.set_nodelay(true)
    {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
}
