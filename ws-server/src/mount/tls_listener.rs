//! TLS in front of `axum::serve`.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::info;

use crate::socket::{RemoteAddr, Socket};
use crate::tls::Tls;

/// How long a TLS handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How many TLS handshakes may be under way; further connections wait to be accepted.
const HANDSHAKES: usize = 1024;

/// A listener that ends TLS, for `axum::serve`.
///
/// ```no_run
/// # async fn f(app: axum::Router, listener: tokio::net::TcpListener) -> Result<(), Box<dyn std::error::Error>> {
/// use axum::Extension;
/// use ws_server::{Tls, TlsListener, Transport};
///
/// let tls = Tls::from_pem_files("site.pem", "site.key")?;
/// // What is mounted compares the origins of https pages then.
/// let app = app.layer(Extension(Transport::Tls));
/// axum::serve(TlsListener::new(listener, tls), app).await?;
/// # Ok(())
/// # }
/// ```
///
/// A handshake may take 10 s. One that fails is logged with its cause, and holds up no other.
#[derive(Debug)]
pub struct TlsListener {
    listener: TcpListener,
    tls: Tls,
    handshakes: JoinSet<Option<(Socket, SocketAddr)>>,
}

impl TlsListener {
    /// Ends TLS on the connections of `listener`.
    pub fn new(listener: TcpListener, tls: Tls) -> TlsListener {
        crate::socket::Listener::prepare(&listener);
        TlsListener { listener, tls, handshakes: JoinSet::new() }
    }
}

impl Listener for TlsListener {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            let free = self.handshakes.len() < HANDSHAKES;
            tokio::select! {
                (stream, remote) = Listener::accept(&mut self.listener), if free => {
                    self.handshakes.spawn(handshake(self.tls.clone(), stream, remote));
                }
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(accepted)) = done {
                        return accepted;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

async fn handshake(
    tls: Tls,
    stream: TcpStream,
    remote: SocketAddr,
) -> Option<(Socket, SocketAddr)> {
    match timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
        Ok(Ok(socket)) => Some((socket, remote)),
        Ok(Err(error)) => {
            info!(%remote, %error, "TLS handshake failed");
            None
        }
        Err(_) => {
            info!(%remote, "TLS handshake failed: it took too long");
            None
        }
    }
}

/// For `into_make_service_with_connect_info::<RemoteAddr>()`.
impl Connected<IncomingStream<'_, TlsListener>> for RemoteAddr {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> RemoteAddr {
        RemoteAddr::Tcp(*stream.remote_addr())
    }
}

/// As with a [`TlsListener`], for sites that have both.
impl Connected<IncomingStream<'_, TcpListener>> for RemoteAddr {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> RemoteAddr {
        RemoteAddr::Tcp(*stream.remote_addr())
    }
}
