//! The sockets that a server listens on and accepts.

#[cfg(feature = "tls")]
mod secure;

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use ws_core::Io;

#[cfg(feature = "tls")]
use crate::tls::TlsStream;

/// An accepted connection, of any kind that a server can listen on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// A unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
    /// TLS, over one of the others.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Socket>>),
    /// Any other byte stream, for your own listeners.
    Other(OtherSocket),
}

/// A byte stream of your own listener; from [`Socket::other`].
pub struct OtherSocket(Box<dyn Io>);

impl std::fmt::Debug for OtherSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OtherSocket").finish_non_exhaustive()
    }
}

impl Socket {
    /// A connection over any byte stream.
    pub fn other(io: impl Io + 'static) -> Socket {
        Socket::Other(OtherSocket(Box::new(io)))
    }

    /// Whether it is a socket of the operating system, without a layer such as TLS over it.
    pub(crate) fn is_of_system(&self) -> bool {
        match self {
            Socket::Tcp(_) => true,
            #[cfg(unix)]
            Socket::Unix(_) => true,
            #[cfg(feature = "tls")]
            Socket::Tls(_) => false,
            Socket::Other(_) => false,
        }
    }
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Socket {
        Socket::Tcp(stream)
    }
}

/// One end of a pipe in memory, as tests use it.
impl From<DuplexStream> for Socket {
    fn from(stream: DuplexStream) -> Socket {
        Socket::other(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Socket {
        Socket::Unix(stream)
    }
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteAddr {
    /// An address and port.
    Tcp(SocketAddr),
    /// A unix socket, whose clients have no address.
    Unix,
    /// An unknown address: your own listener has none, or the proxy does not name the client's.
    Unknown,
}

impl RemoteAddr {
    /// The IP address and port, if there is one.
    pub fn tcp(self) -> Option<SocketAddr> {
        match self {
            RemoteAddr::Tcp(addr) => Some(addr),
            RemoteAddr::Unix | RemoteAddr::Unknown => None,
        }
    }
}

impl std::fmt::Display for RemoteAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RemoteAddr::Tcp(addr) => addr.fmt(f),
            RemoteAddr::Unix => f.write_str("unix"),
            RemoteAddr::Unknown => f.write_str("unknown"),
        }
    }
}

/// A listener that a [`Server`](crate::Server) accepts connections from.
pub trait Listener: Send + 'static {
    /// Sets options that every accepted connection needs; called once, before the first accept.
    fn prepare(&self) {}

    /// Accepts the next connection. After an error it is called again, so an error must not be
    /// permanent: all but those of a single connection (`ConnectionRefused`, `ConnectionAborted`
    /// and `ConnectionReset`) are followed by a pause.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>>;
}

impl Listener for TcpListener {
    /// Sets `TCP_NODELAY` and TCP keepalive. On Linux accepted connections inherit these options,
    /// which saves several system calls for each; elsewhere they are set again on accept.
    fn prepare(&self) {
        set_options(&socket2::SockRef::from(self));
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        TcpListener::poll_accept(self, cx).map_ok(|(stream, addr)| {
            if cfg!(not(target_os = "linux")) {
                set_options(&socket2::SockRef::from(&stream));
            }
            (Socket::Tcp(stream), RemoteAddr::Tcp(addr))
        })
    }
}

/// `TCP_NODELAY`, so that small frames are sent at once, and TCP keepalive, so that a peer that has
/// silently disappeared is noticed even in drafts without ping. Without them a connection still
/// works, so an error is only logged.
fn set_options(socket: &socket2::SockRef<'_>) {
    let keepalive = socket2::TcpKeepalive::new().with_time(std::time::Duration::from_secs(60));
    let outcome = socket.set_tcp_nodelay(true).and(socket.set_tcp_keepalive(&keepalive));
    if let Err(error) = outcome {
        tracing::debug!(%error, "cannot set TCP_NODELAY or TCP keepalive");
    }
}

#[cfg(unix)]
impl Listener for UnixListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        UnixListener::poll_accept(self, cx)
            .map_ok(|(stream, _)| (Socket::Unix(stream), RemoteAddr::Unix))
    }
}

/// Calls the same method on the socket of each kind.
macro_rules! each {
    ($socket:expr, $inner:ident => $call:expr) => {
        match $socket.get_mut() {
            Socket::Tcp($inner) => $call,
            #[cfg(unix)]
            Socket::Unix($inner) => $call,
            #[cfg(feature = "tls")]
            Socket::Tls($inner) => $call,
            Socket::Other(OtherSocket($inner)) => $call,
        }
    };
}

impl AsyncRead for Socket {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each!(self, inner => Pin::new(inner).poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(self, inner => Pin::new(inner).poll_write(cx, buf))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, inner => Pin::new(inner).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(inner) => inner.is_write_vectored(),
            Socket::Other(OtherSocket(inner)) => inner.is_write_vectored(),
            _ => true,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, inner => Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, inner => Pin::new(inner).poll_shutdown(cx))
    }
}
