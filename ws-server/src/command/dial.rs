//! Connecting to the target, before the client is answered.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::Instant;
use tracing::warn;
use ws_server::{Accept, OpeningRequest, Rejection, StatusCode};

use super::address::Target;
use super::relay::relay;

/// Connects to the target, and relays bytes once the WebSocket is open. A target that cannot be
/// reached is answered with 502, one that does not accept in time with 504.
pub(super) async fn forward(
    request: OpeningRequest,
    target: Arc<Target>,
) -> Result<Accept, Rejection> {
    // The client is to be answered, whatever the target does.
    let time = request.deadline().saturating_duration_since(Instant::now()) / 2;
    let unreachable = match &*target {
        Target::Tcp { host, port } => {
            match within(time, TcpStream::connect((host.as_str(), *port))).await {
                Ok(socket) => return Ok(accept(request, socket)),
                Err(error) => error,
            }
        }
        #[cfg(unix)]
        Target::Unix(path) => match within(time, UnixStream::connect(path)).await {
            Ok(socket) => return Ok(request.accept_stream(|stream, _peer| relay(stream, socket))),
            Err(error) => error,
        },
        _ => io::ErrorKind::Unsupported.into(),
    };
    let remote = request.remote();
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

/// Bounds a connect: to a host behind a silent firewall it would take minutes.
async fn within<T>(time: Duration, connect: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match tokio::time::timeout(time, connect).await {
        Ok(outcome) => outcome,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer within {:.1} seconds", time.as_secs_f32()),
        )),
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
