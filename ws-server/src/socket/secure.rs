//! TLS handshakes for sites.

use std::io;

use super::Socket;
#[cfg(feature = "tower")]
use crate::tls::ClientCertificate;
use crate::tls::{Protocols, Tls};

impl Tls {
    /// Performs the TLS handshake for your own site that speaks HTTP/1.1: serve the returned socket
    /// with hyper, and a [mounted](crate::Builder::upgrade) service takes it out of the upgraded
    /// connection.
    ///
    /// There is no timeout: put one around it, since a client that neither sends nor reads would
    /// keep it waiting.
    ///
    /// # Errors
    /// `InvalidData` when the handshake fails, with the cause in words; `UnexpectedEof` when the
    /// client disconnects; or the error of the socket.
    ///
    /// # Cancel safety
    /// Dropping the future drops the socket and aborts the handshake.
    pub async fn accept(&self, socket: impl Into<Socket>) -> io::Result<Socket> {
        self.accept_as(Protocols::Http1, socket.into()).await
    }

    /// As [`accept`](Tls::accept), for a site that speaks HTTP/2 as well: `h2` is offered first.
    ///
    /// # Errors
    /// As with [`accept`](Tls::accept).
    ///
    /// # Cancel safety
    /// As with [`accept`](Tls::accept).
    pub async fn accept_http2(&self, socket: impl Into<Socket>) -> io::Result<Socket> {
        self.accept_as(Protocols::Http2AndHttp1, socket.into()).await
    }

    pub(crate) async fn accept_as(
        &self,
        protocols: Protocols,
        socket: Socket,
    ) -> io::Result<Socket> {
        let stream = self.offering(protocols).accept_received(socket, &[]).await?;
        Ok(Socket::Tls(Box::new(stream)))
    }
}

#[cfg(feature = "tower")]
impl Socket {
    /// The certificate that the client has presented.
    pub(crate) fn client_certificate(&self) -> Option<ClientCertificate> {
        match self {
            Socket::Tls(stream) => stream.client_certificate(),
            _ => None,
        }
    }
}
