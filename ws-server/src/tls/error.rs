//! The errors of certificates and keys.

use std::io;
use std::path::PathBuf;

use tokio_rustls::rustls;

/// Why a TLS configuration cannot be made; see [`Tls`](crate::Tls). Needs the feature `tls`.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[non_exhaustive]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file is damaged PEM.
    #[non_exhaustive]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, in words. Never quotes the file, which may contain a secret key.
        problem: String,
    },
    /// A file contains no certificate.
    #[non_exhaustive]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// Whether it contains a private key instead.
        holds_key: bool,
    },
    /// A file contains no private key.
    #[non_exhaustive]
    NoKey {
        /// The file.
        path: PathBuf,
        /// Whether it contains a certificate instead.
        holds_certificate: bool,
    },
    /// A private key is protected by a passphrase.
    #[non_exhaustive]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// A certificate is malformed.
    #[non_exhaustive]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: rustls::Error,
    },
    /// A private key is malformed, or of a kind that is not supported.
    #[non_exhaustive]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: rustls::Error,
    },
    /// The private key belongs to another certificate.
    #[non_exhaustive]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The configuration was not made from files, so no files can be read for it.
    NotFromFiles,
    /// TLS cannot be set up, for a reason that is not in the files.
    Setup(rustls::Error),
}

impl std::fmt::Display for TlsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TlsError::Read { path, error } => write!(f, "cannot read {path:?}: {error}"),
            TlsError::Pem { path, problem } => write!(f, "{path:?} is damaged: {problem}"),
            TlsError::NoCertificate { path, holds_key: true } => write!(
                f,
                "{path:?} contains a private key where a certificate is needed; are the two files \
                 swapped?"
            ),
            TlsError::NoCertificate { path, holds_key: false } => write!(
                f,
                "{path:?} contains no certificate; it must be PEM, with a line \
                 `-----BEGIN CERTIFICATE-----`"
            ),
            TlsError::NoKey { path, holds_certificate: true } => write!(
                f,
                "{path:?} contains a certificate where its private key is needed; are the two \
                 files swapped?"
            ),
            TlsError::NoKey { path, holds_certificate: false } => write!(
                f,
                "{path:?} contains no private key; it must be PEM, with a line \
                 `-----BEGIN PRIVATE KEY-----` (or `RSA` or `EC PRIVATE KEY`)"
            ),
            TlsError::EncryptedKey { path } => write!(
                f,
                "the private key in {path:?} is encrypted; decrypt it first, for example with \
                 `openssl pkey -in FILE -out PLAIN_FILE`"
            ),
            TlsError::Certificate { path, error } => {
                write!(f, "a certificate in {path:?} cannot be used: {error}")
            }
            TlsError::Key { path, error } => write!(
                f,
                "the private key in {path:?} cannot be used: {error}; it must be RSA (of 2048 to \
                 8192 bits), ECDSA (on P-256 or P-384) or Ed25519"
            ),
            TlsError::Mismatch { certificate, key } => write!(
                f,
                "the private key in {key:?} does not belong to the first certificate in \
                 {certificate:?}; put the server's own certificate first in its file, and use the \
                 key that it was issued for"
            ),
            TlsError::NotFromFiles => f.write_str(
                "this TLS configuration was not read from files; replace it with `Tls::replace`, \
                 or create it with `Tls::from_pem_files`",
            ),
            TlsError::Setup(error) => write!(f, "TLS cannot be set up: {error}"),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TlsError::Read { error, .. } => Some(error),
            TlsError::Certificate { error, .. }
            | TlsError::Key { error, .. }
            | TlsError::Setup(error) => Some(error),
            TlsError::Pem { .. }
            | TlsError::NoCertificate { .. }
            | TlsError::NoKey { .. }
            | TlsError::EncryptedKey { .. }
            | TlsError::Mismatch { .. }
            | TlsError::NotFromFiles => None,
        }
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> io::Error {
        let kind = match &error {
            TlsError::Read { error, .. } => error.kind(),
            TlsError::NotFromFiles => io::ErrorKind::Unsupported,
            TlsError::Setup(_) => io::ErrorKind::Other,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}
