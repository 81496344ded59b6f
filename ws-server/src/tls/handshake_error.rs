//! Why a TLS handshake failed, in words.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// Words the error of a handshake; errors of the socket stay as they are.
pub(super) fn explain(error: io::Error) -> io::Error {
    let kind = error.kind();
    if kind == io::ErrorKind::UnexpectedEof {
        return io::Error::new(kind, "the client disconnected during the TLS handshake");
    }
    match error.downcast::<Error>() {
        Ok(error) => io::Error::new(kind, TlsHandshakeError(error)),
        Err(error) => error,
    }
}

/// A handshake that failed because of what the client sent.
#[derive(Debug)]
struct TlsHandshakeError(Error);

impl std::fmt::Display for TlsHandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Error::NoCertificatesPresented => {
                f.write_str("the client sent no certificate, but one is required")
            }
            Error::InvalidCertificate(error) => certificate(error, f),
            Error::AlertReceived(alert) => received(*alert, f),
            Error::InvalidMessage(error) => {
                write!(f, "the client sent a message that is not valid TLS ({error:?})")
            }
            Error::PeerIncompatible(error) => write!(
                f,
                "the client offers no TLS version, cipher suite or key exchange that this server \
                 supports ({error:?})"
            ),
            Error::NoApplicationProtocol => f.write_str(
                "the client offers no application protocol (ALPN) that this server supports",
            ),
            error => write!(f, "the TLS handshake failed: {error}"),
        }
    }
}

impl std::error::Error for TlsHandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn certificate(error: &CertificateError, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            f.write_str("the client's certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            f.write_str("the client's certificate is not valid yet")
        }
        CertificateError::UnknownIssuer => {
            f.write_str("the client's certificate is not signed by a trusted authority")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            f.write_str("the client's certificate is not valid for clients (extended key usage)")
        }
        CertificateError::BadSignature => {
            f.write_str("the client's certificate has an invalid signature")
        }
        CertificateError::BadEncoding => f.write_str("the client's certificate is malformed"),
        error => write!(f, "the client's certificate is refused: {error}"),
    }
}

fn received(alert: AlertDescription, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    match alert {
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA => {
            write!(f, "the client does not accept this server's certificate ({alert:?})")
        }
        alert => write!(f, "the client aborted the TLS handshake ({alert:?})"),
    }
}
