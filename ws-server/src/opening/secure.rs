//! TLS on the server's own port.

use std::io;

use super::received::Received;
use crate::config::Config;
use crate::peer::Source;
use crate::socket::Socket;

/// Performs the TLS handshake that a client has begun, if TLS is configured; otherwise returns the
/// socket as it is. `received` holds the first bytes of the handshake.
#[cfg(feature = "tls")]
pub(super) async fn secure(
    socket: Socket,
    received: &mut Received,
    source: &mut Source,
    config: &Config,
) -> io::Result<Socket> {
    let Some(port) = &config.tls else {
        return Ok(socket);
    };
    let stream = port.tls.accept_received(socket, &received.take()).await?;
    source.transport = ws_core::Transport::Tls;
    source.client_certificate = stream.client_certificate();
    Ok(Socket::Tls(Box::new(stream)))
}

/// This program was built without TLS: what the client sends is refused when it is read as a head.
#[cfg(not(feature = "tls"))]
#[allow(clippy::unused_async, reason = "as with TLS")]
pub(super) async fn secure(
    socket: Socket,
    _received: &mut Received,
    _source: &mut Source,
    _config: &Config,
) -> io::Result<Socket> {
    Ok(socket)
}
