//! TLS that the server terminates itself.

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
/// The TLS implementation, for your own configurations.
pub use tokio_rustls::rustls;

use self::config::{Configs, Files};
use self::rustls::ServerConfig;

pub use self::client_certificate::ClientCertificate;
pub(crate) use self::config::Protocols;
pub use self::error::TlsError;
pub use self::stream::TlsStream;

/// What a server needs to speak TLS: its certificate, its key, and the authorities it trusts.
///
/// Clones are cheap and share the configuration: a reload or replacement applies to all of them.
/// TLS 1.2 and 1.3 are supported. The cryptography is that of *ring*, or of [your own
/// configuration](Tls::from_config); no process-wide provider is used or installed.
///
/// Needs the feature `tls`. See the guide to [TLS](crate::guide::tls).
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
    protocols: Protocols,
}

struct Inner {
    /// Locked during a whole change, files read included, so that of two concurrent changes the
    /// later one stays.
    source: Mutex<CertificateSource>,
    /// Locked only to clone or replace an `Arc`.
    configs: RwLock<Configs>,
    /// Whether [`client_ca`](Tls::client_ca) was called, and the configuration not
    /// [replaced](Tls::replace) since.
    asks_for_certificates: AtomicBool,
}

/// Where the configuration comes from.
#[derive(Debug)]
enum CertificateSource {
    /// It was read from these files, and can be reloaded.
    Files(Files),
    /// It was passed by the application.
    Given,
}

impl Tls {
    /// Reads a certificate chain, the server's own certificate first, and its private key
    /// (PKCS#8, PKCS#1 or SEC1, not encrypted), both in PEM. One file may contain both. The paths
    /// are stored for [`reload`](Tls::reload).
    ///
    /// The files are read before this returns, with blocking I/O.
    ///
    /// # Errors
    /// [`TlsError`] when a file cannot be read or contains something else, or when the key does not
    /// belong to the certificate.
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

    /// Uses a configuration as it is, except for its `alpn_protocols`, which are replaced by those
    /// that the server speaks.
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

    /// Requires every client to present a certificate that was signed by one of the authorities in
    /// this PEM file. [`reload`](Tls::reload) reads this file too. A later call replaces an earlier
    /// one.
    ///
    /// From then on no TLS session is resumed, so that the certificate is checked for each
    /// connection, and a server that [accepts plain connections too](crate::Builder::tls) refuses
    /// them.
    ///
    /// All files are read before this returns, with blocking I/O.
    ///
    /// # Errors
    /// [`TlsError`] when the file cannot be read or contains something else, when one of the other
    /// files is no longer valid, or when this was not made [from files](Tls::from_pem_files).
    /// Clones then stay as they were.
    pub fn client_ca(self, path: impl AsRef<Path>) -> Result<Tls, TlsError> {
        let client_ca: PathBuf = path.as_ref().to_owned();
        self.load(|files| Files { client_ca: Some(client_ca), ..files.clone() })?;
        Ok(self)
    }

    /// Reads the files again, for handshakes that begin from now on. Open connections are not
    /// affected.
    ///
    /// The files are read before this returns, with blocking I/O.
    ///
    /// # Errors
    /// [`TlsError`] when any of the files is not valid, or when the configuration was not made
    /// [from files](Tls::from_pem_files). The old configuration then stays in use, all of it.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.load(Files::clone)
    }

    /// Uses another configuration for handshakes that begin from now on, as
    /// [`from_config`](Tls::from_config) does. The paths of files read before are dropped, so
    /// [`reload`](Tls::reload) fails from then on.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        let mut source = self.source();
        self.put(Arc::unwrap_or_clone(config));
        *source = CertificateSource::Given;
        self.inner.asks_for_certificates.store(false, Ordering::Release);
    }

    /// The same configuration with these application protocols. A reload applies to both; each
    /// keeps its own protocols.
    pub(crate) fn offering(&self, protocols: Protocols) -> Tls {
        Tls { inner: Arc::clone(&self.inner), protocols }
    }

    /// Performs the handshake as the server. `received` are the bytes that were already read from
    /// `io`: the beginning of what the client sends, of any length.
    ///
    /// There is no timeout: a client that neither sends nor reads keeps this waiting.
    ///
    /// # Errors
    /// `InvalidData` when the handshake fails, with the cause in words, after sending the client an
    /// alert; `UnexpectedEof` when the client disconnects; or the error of `io`.
    ///
    /// # Cancel safety
    /// Dropping the future drops `io` and aborts the handshake.
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

    /// Whether clients must present certificates, by [`client_ca`](Tls::client_ca).
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
        // Under the lock, so that a `replace` at the same time sets both or neither.
        self.inner.asks_for_certificates.store(new.client_ca.is_some(), Ordering::Release);
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
