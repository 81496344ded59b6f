//! From an upgraded connection to the socket beneath it.

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::socket::Socket;

/// The socket of an upgraded connection, and what was read from it already.
///
/// A socket of the system is taken out of what HTTP has put around it, so that each read and
/// write is the socket's own; anything else is used as it is.
pub(super) fn socket(upgraded: Upgraded) -> (Socket, Bytes) {
    let upgraded = match tcp(upgraded) {
        Ok((stream, received)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY could not be set");
            }
            return (Socket::Tcp(stream), received);
        }
        Err(upgraded) => upgraded,
    };
    #[cfg(unix)]
    let upgraded = match unix(upgraded) {
        Ok((stream, received)) => return (Socket::Unix(stream), received),
        Err(upgraded) => upgraded,
    };
    (Socket::other(TokioIo::new(upgraded)), Bytes::new())
}

fn tcp(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Upgraded> {
    // Under hyper-util's `auto`, which `axum::serve` uses, and under hyper's own `http1`.
    match downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => Ok((parts.io.into_inner(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<TcpStream>>()?;
            Ok((parts.io.into_inner(), parts.read_buf))
        }
    }
}

#[cfg(unix)]
fn unix(upgraded: Upgraded) -> Result<(UnixStream, Bytes), Upgraded> {
    match downcast::<TokioIo<UnixStream>>(upgraded) {
        Ok(parts) => Ok((parts.io.into_inner(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<UnixStream>>()?;
            Ok((parts.io.into_inner(), parts.read_buf))
        }
    }
}
