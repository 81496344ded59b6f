//! The transport: TCP, or TLS over it.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use mio::net::TcpStream;
use rustix::net::RecvFlags;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::die;

/// A connection's socket, and TLS over it.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<Tls>),
}

#[derive(Debug)]
pub(crate) struct Tls {
    socket: TcpStream,
    session: ClientConnection,
}

impl Stream {
    pub(crate) fn over(socket: TcpStream, tls: Option<&Arc<ClientConfig>>) -> Stream {
        let Some(config) = tls else { return Stream::Plain(socket) };
        let name = ServerName::try_from("localhost").unwrap_or_else(|_| die("localhost"));
        match ClientConnection::new(config.clone(), name) {
            Ok(session) => Stream::Tls(Box::new(Tls { socket, session })),
            Err(error) => die(&format!("TLS: {error}")),
        }
    }

    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(tls) => &mut tls.socket,
        }
    }

    /// Whether the TLS handshake is still in progress.
    pub(crate) fn is_handshaking(&self) -> bool {
        matches!(self, Stream::Tls(tls) if tls.session.is_handshaking())
    }

    /// Whether there is no more to read once a read was shorter than its buffer.
    #[inline]
    pub(crate) fn empty_after_short_read(&self) -> bool {
        matches!(self, Stream::Plain(_))
    }

    /// Receives without a copy: with `MSG_TRUNC` the kernel drops the bytes of a TCP stream, as
    /// many as `scratch` has, and does not write to it. None if the bytes have to be read.
    pub(crate) fn discard(&mut self, scratch: &mut [u8]) -> Option<io::Result<usize>> {
        let Stream::Plain(socket) = self else { return None };
        let received = rustix::net::recv(socket, scratch, RecvFlags::TRUNC);
        Some(received.map(|(_, count)| count).map_err(io::Error::from))
    }
}

impl Read for Stream {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.read(buffer),
            Stream::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.write(bytes),
            Stream::Tls(tls) => tls.write(bytes),
        }
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(_) => Ok(()),
            Stream::Tls(tls) => tls.flush(),
        }
    }
}

impl Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
            if self.session.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            self.session.process_new_packets().map_err(io::Error::other)?;
            self.send_what_fits()?;
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let count = self.session.writer().write(bytes)?;
        self.send_what_fits()?;
        match count {
            0 if !bytes.is_empty() => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    fn send_what_fits(&mut self) -> io::Result<()> {
        match self.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            result => result,
        }
    }
}

/// Trusts only the certificate in this file.
pub(crate) fn trusting(certificate: &std::path::Path) -> Arc<ClientConfig> {
    let problem = |error: &dyn std::fmt::Display| -> ! {
        die(&format!("{}: {error}", certificate.display()))
    };
    let mut roots = RootCertStore::empty();
    let certificate =
        CertificateDer::from_pem_file(certificate).unwrap_or_else(|error| problem(&error));
    roots.add(certificate).unwrap_or_else(|error| problem(&error));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.unwrap_or_else(|error| problem(&error));
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}
