//! The server's side of a TLS handshake, of which some bytes were already read.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

use super::TlsStream;
use super::handshake_error::explain;

/// See [`Tls::accept_received`](super::Tls::accept_received).
pub(super) async fn accept<IO>(
    config: Arc<ServerConfig>,
    io: IO,
    received: &[u8],
) -> io::Result<TlsStream<IO>>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut fed = Ok(());
    let mut handshake = TlsAcceptor::from(config).accept_with(io, |connection| {
        fed = feed(connection, received);
    });
    if let Err(RefusedHello { error, alert }) = fed {
        if let Some(io) = handshake.get_mut() {
            tell(io, &alert).await;
        }
        return Err(explain(error));
    }
    match handshake.into_fallible().await {
        Ok(stream) => Ok(TlsStream::new(stream)),
        Err((error, mut io)) => {
            // The alert is written already, and only flushed here.
            tell(&mut io, &[]).await;
            Err(explain(error))
        }
    }
}

/// The bytes that were already read make the handshake fail.
struct RefusedHello {
    error: io::Error,
    /// The records to send to the client, its alert last; may be empty.
    alert: Vec<u8>,
}

fn feed(connection: &mut ServerConnection, mut received: &[u8]) -> Result<(), RefusedHello> {
    let refused = |error, alert| Err(RefusedHello { error, alert });
    while !received.is_empty() {
        match connection.read_tls(&mut received) {
            // The client has sent `close_notify`: what follows is ignored.
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return refused(error, Vec::new()),
        }
        if let Err(error) = connection.process_new_packets() {
            return refused(io::Error::new(io::ErrorKind::InvalidData, error), queued(connection));
        }
    }
    Ok(())
}

/// All records that the connection has to send, its alert last.
fn queued(connection: &mut ServerConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        match connection.write_tls(&mut bytes) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    bytes
}

/// Sends the alert of a failed handshake. An error is only logged, since there is nothing left to
/// do.
async fn tell<IO: AsyncWrite + Unpin>(io: &mut IO, alert: &[u8]) {
    if let Err(error) = io.write_all(alert).await.and(io.flush().await) {
        tracing::debug!(%error, "cannot send the client the alert of the failed TLS handshake");
    }
}
