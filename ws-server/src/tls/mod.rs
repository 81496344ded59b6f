//! TLS that the server ends itself.

mod accept;
mod client_certificate;
mod config;
mod error;
mod handshake_error;
mod pem;
mod stream;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::io::{AsyncRead, AsyncWrite};
/// The TLS implementation, for configurations of your own.
pub use tokio_rustls::rustls;

use self::config::{Configs, Files};
use self::rustls::ServerConfig;

pub use self::client_certificate::ClientCertificate;
pub(crate) use self::config::Protocols;
pub use self::error::TlsError;
pub use self::stream::TlsStream;

/// What a server needs to speak TLS: its certificate, its key, and whom it trusts.
///
/// Clones are cheap and stay one: what is reloaded or replaced in one is so in all. TLS 1.2 and
/// 1.3 are spoken. The cryptography is *ring*'s, or that of a [configuration of your
/// own](Tls::from_config); no process-wide provider is read or installed.
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
    protocols: Protocols,
}

struct Inner {
    /// Locked for as long as a change takes, so that of two the later one stays.
    source: Mutex<CertificateSource>,
    /// Locked for the blink in which a handshake takes its configuration.
    configs: RwLock<Configs>,
    /// Whether clients must show certificates of an authority that was read.
    asks_for_certificates: AtomicBool,
}

/// Where the configuration comes from.
#[derive(Debug)]
enum CertificateSource {
    Files(Files),
    Given,
}

impl Tls {
    /// Reads a certificate chain, the server's own certificate first, and its private key
    /// (PKCS#8, PKCS#1 or SEC1, not encrypted), both PEM. One file may hold both. The paths are
    /// remembered for [`reload`](Tls::reload).
    ///
    /// The files are read before this returns.
    ///
    /// # Errors
    /// [`TlsError`] when a file cannot be read or holds something else, or when the key is not
    /// that of the certificate.
    pub fn from_pem_files(
        certificate: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Tls, TlsError> {
        let files = Files {
            certificate: certificate.as_ref().to_owned(),
            key: key.as_ref().to_owned(),
            client_ca: None,
        };
        let config = files.load()?;
        Ok(Tls::new(CertificateSource::Files(files), config))
    }

    /// Uses a configuration as it is, but for its `alpn_protocols`: those are what the server
    /// speaks.
    pub fn from_config(config: Arc<ServerConfig>) -> Tls {
        Tls::new(CertificateSource::Given, Arc::unwrap_or_clone(config))
    }

    fn new(source: CertificateSource, config: ServerConfig) -> Tls {
        let inner = Inner {
            source: Mutex::new(source),
            configs: RwLock::new(Configs::new(config)),
            asks_for_certificates: AtomicBool::new(false),
        };
        Tls { inner: Arc::new(inner), protocols: Protocols::default() }
    }

    /// Requires every client to show a certificate that one of the authorities in this PEM file
    /// signed. [`reload`](Tls::reload) reads this file too. A later call takes the place of an
    /// earlier one.
    ///
    /// No session is resumed from then on: each connection has its certificate checked. And a
    /// server that [speaks plain too](crate::Builder::tls) does not any more.
    ///
    /// # Errors
    /// [`TlsError`] when the file cannot be read or holds something else, when one of the other
    /// files is no longer as it should be, or when this was not made
    /// [from files](Tls::from_pem_files). Clones go on without client certificates then.
    pub fn client_ca(self, path: impl AsRef<Path>) -> Result<Tls, TlsError> {
        let client_ca: PathBuf = path.as_ref().to_owned();
        self.load(|files| Files { client_ca: Some(client_ca), ..files.clone() })?;
        self.inner.asks_for_certificates.store(true, Ordering::Release);
        Ok(self)
    }

    /// Reads the files again, for handshakes that begin from now on. Connections under way go on
    /// as they are.
    ///
    /// The files are read before this returns.
    ///
    /// # Errors
    /// [`TlsError`] when anything is wrong with any of the files, or when there are none since
    /// the configuration was [given](Tls::from_config). The old configuration stays in use then,
    /// all of it.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.load(Files::clone)
    }

    /// Uses another configuration for handshakes that begin from now on, as
    /// [`from_config`](Tls::from_config) does. Files that were read before are forgotten.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        let mut source = self.source();
        self.put(Arc::unwrap_or_clone(config));
        *source = CertificateSource::Given;
        self.inner.asks_for_certificates.store(false, Ordering::Release);
    }

    /// These certificates, offering these protocols. What is reloaded in one is so in the other;
    /// what is offered stays each one's own.
    pub(crate) fn offering(&self, protocols: Protocols) -> Tls {
        Tls { inner: Arc::clone(&self.inner), protocols }
    }

    /// Performs the handshake as the server. `received` is what was already read from `io`: any
    /// part of what the client sent first, or nothing.
    ///
    /// # Errors
    /// What is wrong with the client, in words, or the error of `io`. The client was told as far
    /// as TLS lets it be told. A client that neither sends nor reads holds this up: give it a
    /// deadline.
    ///
    /// # Cancel safety
    /// Dropping the future drops `io`, and the handshake with it.
    pub(crate) async fn accept_received<IO>(
        &self,
        io: IO,
        received: &[u8],
    ) -> io::Result<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        accept::accept(self.config(), io, received).await
    }

    pub(crate) fn asks_for_certificates(&self) -> bool {
        self.inner.asks_for_certificates.load(Ordering::Acquire)
    }

    fn config(&self) -> Arc<ServerConfig> {
        let configs = self.inner.configs.read().unwrap_or_else(PoisonError::into_inner);
        configs.offering(self.protocols)
    }

    fn load(&self, files: impl FnOnce(&Files) -> Files) -> Result<(), TlsError> {
        let mut source = self.source();
        let CertificateSource::Files(old) = &*source else { return Err(TlsError::NotFromFiles) };
        let new = files(old);
        self.put(new.load()?);
        *source = CertificateSource::Files(new);
        Ok(())
    }

    fn put(&self, config: ServerConfig) {
        let configs = Configs::new(config);
        *self.inner.configs.write().unwrap_or_else(PoisonError::into_inner) = configs;
    }

    fn source(&self) -> MutexGuard<'_, CertificateSource> {
        self.inner.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("source", &self.inner.source)
            .field("protocols", &self.protocols)
            .finish_non_exhaustive()
    }
}
