//! TLS on the server's own port.

use std::io;

use ws_core::buffer::ReadBuffer;

use crate::config::Config;
use crate::peer::Source;
use crate::socket::Socket;

/// Performs the TLS handshake that a client has begun, if TLS is configured; otherwise returns the
/// socket as it is. `read` holds the first bytes of the handshake.
#[cfg(feature = "tls")]
pub(super) async fn secure(
    socket: Socket,
    read: &mut ReadBuffer,
    source: &mut Source,
    config: &Config,
) -> io::Result<Socket> {
    let Some(port) = &config.tls else {
        return Ok(socket);
    };
    let received = super::read_until::take_unread(read);
    let stream = port.tls.accept_received(socket, &received).await?;
    source.transport = ws_core::Transport::Tls;
    source.client_certificate = stream.client_certificate();
    Ok(Socket::Tls(Box::new(stream)))
}

/// This program was built without TLS: what the client sends is refused when it is read as a head.
#[cfg(not(feature = "tls"))]
#[allow(clippy::unused_async, reason = "as with TLS")]
pub(super) async fn secure(
    socket: Socket,
    _read: &mut ReadBuffer,
    _source: &mut Source,
    _config: &Config,
) -> io::Result<Socket> {
    Ok(socket)
}
