//! Making rustls configurations from files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};

use super::{TlsError, pem};

/// The files of which a configuration is made.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) client_ca: Option<PathBuf>,
}

impl Files {
    /// Reads all files.
    pub(super) fn load(&self) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let identity = self.identity(&provider)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?;
        let mut config = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => builder.with_client_cert_verifier(verifier(path, provider)?),
        }
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
        self.set_resumption(&mut config)?;
        Ok(config)
    }

    /// The certificate with its key.
    fn identity(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let chain = pem::certificates(&self.certificate)?;
        let key = provider
            .key_provider
            .load_private_key(pem::private_key(&self.key)?)
            .map_err(|error| TlsError::Key { path: self.key.clone(), error })?;
        let identity = CertifiedKey::new(chain, key);
        match identity.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(identity),
            Err(Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            }),
            Err(error) => Err(TlsError::Certificate { path: self.certificate.clone(), error }),
        }
    }

    /// Configures stateless session resumption: the client stores the session, in a ticket that is
    /// encrypted with a key of this configuration, which changes every 6 hours. (By default rustls
    /// stores the last 256 sessions and drops those of all other clients.) One ticket is sent, not
    /// two: a WebSocket client connects once, not several times at once.
    ///
    /// Early data is not accepted, since it could be replayed: `max_early_data_size` is 0 by
    /// default.
    ///
    /// Where client certificates are required, no session is resumed: resumption would skip the
    /// check of a certificate that may have expired, or whose authority is no longer trusted.
    fn set_resumption(&self, config: &mut ServerConfig) -> Result<(), TlsError> {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        if self.client_ca.is_none() {
            config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
            config.send_tls13_tickets = 1;
        }
        Ok(())
    }
}

fn verifier(
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| TlsError::Certificate { path: path.to_owned(), error })?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| TlsError::Setup(Error::General(error.to_string())))
}

/// The application protocols that the server supports (ALPN), in order of preference. A client
/// without ALPN is accepted, and speaks HTTP/1.1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Protocols {
    /// `http/1.1`.
    #[default]
    Http1,
    /// `h2`, `http/1.1`.
    Http2AndHttp1,
}

impl Protocols {
    /// The protocols that this program was built with.
    pub(crate) fn spoken() -> Protocols {
        match cfg!(feature = "http2") {
            true => Protocols::Http2AndHttp1,
            false => Protocols::Http1,
        }
    }
}

/// One configuration for each set of protocols. They share certificates and ticket keys, and differ
/// only in ALPN.
pub(super) struct Configs {
    http1: Arc<ServerConfig>,
    http2_and_http1: Arc<ServerConfig>,
}

impl Configs {
    pub(super) fn new(config: ServerConfig) -> Configs {
        let offering = |protocols: Protocols| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.ids().iter().map(|id| id.to_vec()).collect();
            Arc::new(config)
        };
        Configs {
            http1: offering(Protocols::Http1),
            http2_and_http1: offering(Protocols::Http2AndHttp1),
        }
    }

    pub(super) fn offering(&self, protocols: Protocols) -> Arc<ServerConfig> {
        Arc::clone(match protocols {
            Protocols::Http1 => &self.http1,
            Protocols::Http2AndHttp1 => &self.http2_and_http1,
        })
    }
}

impl Protocols {
    /// Their ALPN protocol names (RFC 7301 §6), in order of preference.
    fn ids(self) -> &'static [&'static [u8]] {
        match self {
            Protocols::Http1 => &[b"http/1.1"],
            Protocols::Http2AndHttp1 => &[b"h2", b"http/1.1"],
        }
    }
}
