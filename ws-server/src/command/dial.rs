//! Connecting to the target, before the client is answered.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tracing::warn;
use ws_server::{Accept, OpeningRequest, Rejection, StatusCode};

use super::address::Target;
use super::relay::relay;

/// How clients get to the target.
#[derive(Debug)]
pub(super) struct Dialer {
    target: Target,
    /// How long the target may take to accept a connection.
    time: Duration,
}

impl Dialer {
    pub(super) fn new(target: Target, time: Duration) -> Dialer {
        Dialer { target, time }
    }
}

/// Connects to the target, and relays bytes once the WebSocket is open. A target that cannot be
/// reached is answered with 502, one that does not accept in time with 504.
pub(super) async fn forward(
    request: OpeningRequest,
    dialer: Arc<Dialer>,
) -> Result<Accept, Rejection> {
    let unreachable = match &dialer.target {
        Target::Tcp { host, port } => {
            match dialer.within_time(TcpStream::connect((host.as_str(), *port))).await {
                Ok(socket) => return Ok(accept(request, socket)),
                Err(error) => error,
            }
        }
        #[cfg(unix)]
        Target::Unix(path) => match dialer.within_time(UnixStream::connect(path)).await {
            Ok(socket) => return Ok(request.accept_stream(|stream, _peer| relay(stream, socket))),
            Err(error) => error,
        },
        _ => io::ErrorKind::Unsupported.into(),
    };
    let (remote, target) = (request.remote(), &dialer.target);
    warn!(%remote, %target, error = %unreachable, "the target cannot be reached");
    let status = match unreachable.kind() {
        io::ErrorKind::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    Err(Rejection::new(status, format!("the target cannot be reached: {unreachable}")))
}

fn accept(request: OpeningRequest, socket: TcpStream) -> Accept {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY on the connection to the target");
    }
    request.accept_stream(|stream, _peer| relay(stream, socket))
}

impl Dialer {
    /// Bounds a connect: to a host behind a silent firewall it would take minutes.
    async fn within_time<T>(&self, connect: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        match tokio::time::timeout(self.time, connect).await {
            Ok(outcome) => outcome,
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer within {} seconds", self.time.as_secs_f32()),
            )),
        }
    }
}

/// A target that cannot be found is an error of the arguments.
pub(super) async fn check(target: &Target) -> Result<(), String> {
    let Target::Tcp { host, port } = target else {
        return Ok(());
    };
    let found = tokio::net::lookup_host((host.as_str(), *port)).await;
    match found.map(|mut found| found.next()) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(format!("the target {target} has no address")),
        Err(error) => Err(format!("the target {target} cannot be resolved: {error}")),
    }
}
