//! TLS on a socket.

use std::io;

use super::Socket;
use crate::tls::{Protocols, Tls};

impl Tls {
    /// Performs the handshake for a site of your own that speaks HTTP/1.1: hyper serves the socket
    /// that comes out, and a [mounted](crate::Builder::upgrade) service finds it beneath.
    ///
    /// # Errors
    /// What is wrong with the client, in words, or the error of the socket. A client that neither
    /// sends nor reads holds this up: give it a deadline.
    ///
    /// # Cancel safety
    /// Dropping the future drops the socket, and the handshake with it.
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
