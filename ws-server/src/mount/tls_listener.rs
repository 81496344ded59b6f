//! TLS in front of `axum::serve`.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tracing::info;

use crate::socket::{RemoteAddr, Socket};
use crate::tls::{ClientCertificate, Protocols, Tls};

/// How long a TLS handshake may take by default.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How many TLS handshakes may be under way by default.
const HANDSHAKES: usize = 1024;

/// A listener that terminates TLS, for `axum::serve`.
///
/// ```no_run
/// # async fn f(app: axum::Router, listener: tokio::net::TcpListener)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use ws_server::{Tls, TlsConnectInfo, TlsListener};
///
/// let tls = Tls::from_pem_files("site.pem", "site.key")?;
/// // So that mounted services know their clients, and compare origins with https.
/// let app = app.into_make_service_with_connect_info::<TlsConnectInfo>();
/// axum::serve(TlsListener::new(listener, tls), app).await?;
/// # Ok(())
/// # }
/// ```
///
/// A handshake that fails is logged with its cause. A slow handshake does not delay the others.
///
/// Needs the features `axum` and `tls`.
#[derive(Debug)]
pub struct TlsListener {
    listener: TcpListener,
    tls: Tls,
    handshakes: JoinSet<Option<(Socket, SocketAddr)>>,
    /// The handshakes under way, oldest first, among some that have ended. At most `limit` after
    /// each accept.
    oldest: VecDeque<AbortHandle>,
    timeout: Duration,
    /// Always at least 1.
    limit: usize,
}

impl TlsListener {
    /// Terminates TLS on the connections of `listener`.
    pub fn new(listener: TcpListener, tls: Tls) -> TlsListener {
        crate::socket::Listener::prepare(&listener);
        TlsListener {
            listener,
            tls,
            handshakes: JoinSet::new(),
            oldest: VecDeque::new(),
            timeout: HANDSHAKE_TIME,
            limit: HANDSHAKES,
        }
    }

    /// How long a TLS handshake may take. By default 10 s.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> TlsListener {
        self.timeout = timeout;
        self
    }

    /// How many TLS handshakes may be under way; at least 1, by default 1,024. One more aborts the
    /// oldest, so that clients that do not finish theirs cannot keep others from connecting.
    #[must_use]
    pub fn max_handshakes(mut self, count: usize) -> TlsListener {
        self.limit = count.max(1);
        self
    }

    fn begin(&mut self, stream: TcpStream, remote: SocketAddr) {
        self.oldest.retain(|handshake| !handshake.is_finished());
        if self.oldest.len() >= self.limit
            && let Some(oldest) = self.oldest.pop_front()
        {
            info!("the oldest TLS handshake is aborted: too many are under way");
            oldest.abort();
        }
        let handshake = handshake(self.tls.clone(), stream, remote, self.timeout);
        self.oldest.push_back(self.handshakes.spawn(handshake));
    }
}

impl Listener for TlsListener {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            tokio::select! {
                (stream, remote) = Listener::accept(&mut self.listener) => {
                    self.begin(stream, remote);
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
    limit: Duration,
) -> Option<(Socket, SocketAddr)> {
    match timeout(limit, tls.accept_as(Protocols::spoken(), stream.into())).await {
        Ok(Ok(socket)) => Some((socket, remote)),
        Ok(Err(error)) => {
            info!(%remote, %error, "TLS handshake failed");
            None
        }
        Err(_) => {
            info!(%remote, "TLS handshake failed: it was not finished within the timeout");
            None
        }
    }
}

/// Where a connection of a [`TlsListener`] comes from, and the certificate of its client, for
/// `into_make_service_with_connect_info::<TlsConnectInfo>()`. Services on such a site see both in
/// their [`Peer`](crate::Peer) and in an [`OpeningRequest`](crate::OpeningRequest), and count as
/// reached over TLS. Needs the features `axum` and `tls`.
#[derive(Debug, Clone)]
pub struct TlsConnectInfo {
    pub(super) remote: RemoteAddr,
    pub(super) client_certificate: Option<ClientCertificate>,
}

impl TlsConnectInfo {
    /// Where the connection comes from.
    pub fn remote(&self) -> RemoteAddr {
        self.remote
    }

    /// The certificate that the client has presented, if one is required: see
    /// [`Tls::client_ca`].
    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.client_certificate.as_ref()
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for TlsConnectInfo {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> TlsConnectInfo {
        TlsConnectInfo {
            remote: RemoteAddr::Tcp(*stream.remote_addr()),
            client_certificate: stream.io().client_certificate(),
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
