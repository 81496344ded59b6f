//! Why a handshake failed, in words.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// Says what happened in words about the client; errors of the socket stay as they are.
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

/// A handshake that failed by what the client sent.
#[derive(Debug)]
struct TlsHandshakeError(Error);

impl std::fmt::Display for TlsHandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Error::NoCertificatesPresented => {
                f.write_str("the client sent no certificate, and one is required")
            }
            Error::InvalidCertificate(error) => certificate(error, f),
            Error::AlertReceived(alert) => received(*alert, f),
            Error::InvalidMessage(error) => {
                write!(f, "what the client sent is not valid TLS ({error:?})")
            }
            Error::PeerIncompatible(error) => write!(
                f,
                "the client offers no version of TLS or no cipher that this server has ({error:?})"
            ),
            Error::NoApplicationProtocol => f.write_str(
                "the client asks by ALPN for protocols of which this server offers none",
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
            f.write_str("the client's certificate is signed by no authority that is trusted here")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            f.write_str("the client's certificate is not meant for clients")
        }
        CertificateError::BadSignature => {
            f.write_str("the client's certificate does not bear the signature of its issuer")
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
        alert => write!(f, "the client ended the TLS handshake ({alert:?})"),
    }
}
