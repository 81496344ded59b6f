//! The arguments for TLS, and reloading certificates.

use std::path::PathBuf;

use tracing::{error, info};
use ws_server::{Builder, Tls};

/// The files of certificates and keys.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArgs {
    /// Serve wss: and https: as well, with this certificate chain (PEM, the server's own first);
    /// SIGHUP reloads the files
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Require clients to present a certificate signed by one of these authorities (PEM); plain
    /// connections are then refused
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,

    /// Refuse clients that connect without TLS
    #[arg(long, requires = "tls_cert")]
    tls_only: bool,
}

impl TlsArgs {
    /// Reads the files, if there are any.
    pub(super) fn load(&self) -> Result<Option<Tls>, String> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            return Ok(None);
        };
        let mut tls = Tls::from_pem_files(certificate, key).map_err(|error| error.to_string())?;
        if let Some(client_ca) = &self.tls_client_ca {
            tls = tls.client_ca(client_ca).map_err(|error| error.to_string())?;
        }
        Ok(Some(tls))
    }

    /// Configures the server for `tls`, if there is one.
    pub(super) fn apply(&self, tls: Option<&Tls>, builder: Builder) -> Builder {
        match tls {
            Some(tls) if self.tls_only => builder.tls_only(tls),
            Some(tls) => builder.tls(tls),
            None => builder,
        }
    }

    /// The schemes of the URLs that clients may use.
    pub(super) fn schemes(&self) -> &'static [&'static str] {
        match self.tls_cert {
            None => &["ws"],
            Some(_) if self.tls_only || self.tls_client_ca.is_some() => &["wss"],
            Some(_) => &["wss", "ws"],
        }
    }
}

/// Reads the certificates again.
pub(super) fn reload(tls: &Tls) {
    match tls.reload() {
        Ok(()) => info!("certificates reloaded"),
        Err(error) => {
            error!(%error, "cannot reload the certificates; the previous ones stay in use");
        }
    }
}
