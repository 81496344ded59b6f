//! Client certificates.

use super::*;
use crate::ClientCertificate;

/// A server that requires certificates of this authority, and has one of it.
fn strict(authority: &Authority) -> Tls {
    let dir = Dir::of(&authority.server());
    let ca = dir.write("ca.pem", &authority.pem());
    dir.tls().unwrap().client_ca(ca).unwrap()
}

async fn refusal(authority: &Authority, identity: Option<&Identity>) -> [String; 2] {
    let tls = strict(authority);
    let mut words = Vec::new();
    for version in BOTH {
        let client = client(authority, &[version], identity);
        let (near, far) = handshake(&tls, client).await;
        let error = near.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        words.push(error.to_string());
        // In TLS 1.3 the client gets the alert only after its own part of the handshake.
        if let Ok(mut far) = far {
            let alert = far.read_u8().await.unwrap_err();
            assert!(alert.to_string().contains("alert"), "{alert}");
        }
    }
    words.try_into().unwrap()
}

#[tokio::test]
async fn a_client_of_the_authority_is_known_by_its_subject() {
    let authority = Authority::new("ca");
    let tls = strict(&authority);
    let alice = authority.client();
    for version in BOTH {
        let client = client(&authority, &[version], Some(&alice));
        let (mut near, mut far) = connect(&tls, client).await;
        talk(&mut near, &mut far).await;
        let certificate = near.client_certificate().unwrap();
        assert_eq!(certificate.subject(), "CN=alice,O=Example\\, Inc.");
        assert_eq!(certificate.der(), &*alice.certificate());
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let authority = Authority::new("ca");
    for words in refusal(&authority, None).await {
        assert_eq!(words, "the client sent no certificate, but one is required");
    }
}

#[tokio::test]
async fn a_client_of_another_authority_is_refused() {
    let other = Authority::new("another").client();
    for words in refusal(&Authority::new("ca"), Some(&other)).await {
        assert!(words.contains("not signed by a trusted authority"), "{words}");
    }
}

#[tokio::test]
async fn a_client_whose_certificate_has_expired_is_refused() {
    let authority = Authority::new("ca");
    for words in refusal(&authority, Some(&authority.expired_client())).await {
        assert_eq!(words, "the client's certificate has expired");
    }
}

#[tokio::test]
async fn a_client_with_a_certificate_for_servers_is_refused() {
    let authority = Authority::new("ca");
    for words in refusal(&authority, Some(&authority.server())).await {
        assert_eq!(words, "the client's certificate is not valid for clients (extended key usage)");
    }
}

#[test]
fn a_certificate_that_cannot_be_read_has_no_subject() {
    let whole = Authority::new("ca").client().certificate();
    for length in 0..whole.len() {
        assert_eq!(ClientCertificate::new(&whole[..length]).subject(), "");
    }
    for at in 0..whole.len() {
        let mut changed = whole.to_vec();
        changed[at] ^= 0xff;
        assert_eq!(ClientCertificate::new(&changed).der(), changed);
    }
}
