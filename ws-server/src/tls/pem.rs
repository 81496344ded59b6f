//! Reading certificates and keys from PEM files.

use std::path::Path;

use tokio_rustls::rustls::pki_types::pem::{Error, PemObject, SectionKind};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;

/// All certificates in a file; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| damaged(path, &error))?;
    if certificates.is_empty() {
        let holds_key = is_encrypted(&text) || holds(&text, is_key);
        return Err(TlsError::NoCertificate { path: path.to_owned(), holds_key });
    }
    Ok(certificates)
}

/// The first private key in a file.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    if is_encrypted(&text) {
        return Err(TlsError::EncryptedKey { path: path.to_owned() });
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        Error::NoItemsFound => {
            let holds_certificate = holds(&text, |kind| kind == SectionKind::Certificate);
            TlsError::NoKey { path: path.to_owned(), holds_certificate }
        }
        error => damaged(path, &error),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error })
}

fn is_key(kind: SectionKind) -> bool {
    matches!(kind, SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey)
}

fn holds(text: &[u8], wanted: impl Fn(SectionKind) -> bool) -> bool {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(text)
        .any(|section| section.is_ok_and(|(kind, _)| wanted(kind)))
}

/// Whether the file contains an encrypted key: PKCS#8 has a label for it, older formats a header.
fn is_encrypted(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').any(|line| {
        line.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || line.starts_with(b"Proc-Type: 4,ENCRYPTED")
    })
}

/// Words the error without quoting the file: rustls may quote a line, which could contain a whole
/// key.
fn damaged(path: &Path, error: &Error) -> TlsError {
    let problem = match error {
        Error::MissingSectionEnd { end_marker: label } if is_known(label) => {
            format!("there is no line `-----END {}-----`", String::from_utf8_lossy(label))
        }
        Error::MissingSectionEnd { .. } => {
            "a block does not end; its `-----BEGIN` and `-----END` must each be on a separate line"
                .to_owned()
        }
        Error::IllegalSectionStart { .. } => {
            "a line that starts with `-----BEGIN` does not end in five dashes".to_owned()
        }
        Error::Base64Decode(_) => "a block contains something that is not base64".to_owned(),
        error => error.to_string(),
    };
    TlsError::Pem { path: path.to_owned(), problem }
}

fn is_known(label: &[u8]) -> bool {
    SectionKind::try_from(label).is_ok()
}
