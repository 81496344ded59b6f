//! The certificate of a client.

use std::fmt::Write as _;
use std::sync::Arc;

use x509_cert::Certificate;
use x509_cert::der::Decode;

/// The certificate of a client, signed by an authority that the server trusts. Cheap to clone.
/// Needs the feature `tls`.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    der: Arc<[u8]>,
    subject: Arc<str>,
}

impl ClientCertificate {
    pub(super) fn new(der: &[u8]) -> ClientCertificate {
        ClientCertificate { der: der.into(), subject: subject(der).into() }
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its subject as text (RFC 4514), such as `CN=alice,O=Example`. Empty when the certificate has
    /// none, or when it cannot be parsed.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate").field("subject", &self.subject).finish_non_exhaustive()
    }
}

fn subject(der: &[u8]) -> String {
    let mut subject = String::new();
    let written = Certificate::from_der(der)
        .is_ok_and(|it| write!(subject, "{}", it.tbs_certificate().subject()).is_ok());
    // A subject that was only partly written could be taken for another one.
    if written { subject } else { String::new() }
}
