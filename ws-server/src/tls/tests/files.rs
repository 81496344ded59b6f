//! Valid and invalid files.

use std::error::Error as _;

use super::*;

#[test]
fn one_file_may_hold_both() {
    let server = Authority::new("ca").server();
    let dir = Dir::new();
    let both = dir.write("both.pem", &(server.key_pem() + &server.certificate_pem()));
    Tls::from_pem_files(&both, &both).unwrap();
}

#[tokio::test]
async fn a_key_may_be_sec1() {
    let authority = Authority::new("ca");
    let server = authority.server();
    let dir = Dir::of(&server);
    dir.write("key.pem", &pem("EC PRIVATE KEY", &sec1(server.key().secret_der())));
    let tls = dir.tls().unwrap();
    connect(&tls, client(&authority, BOTH, None)).await;
}

/// The `ECPrivateKey` (RFC 5915) inside a PKCS#8 key.
fn sec1(pkcs8: &[u8]) -> Vec<u8> {
    let version_and_key = [2, 1, 1, 4, 32];
    let inside = pkcs8.windows(5).position(|window| window == version_and_key).unwrap() - 2;
    let length = usize::from(pkcs8[inside + 1]);
    pkcs8[inside..inside + 2 + length].to_vec()
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;

    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

#[test]
fn swapped_files_are_recognised() {
    let dir = Dir::of(&Authority::new("ca").server());
    let swapped = Tls::from_pem_files(dir.path("key.pem"), dir.path("cert.pem"));
    let words = swapped.unwrap_err().to_string();
    assert!(words.contains("key.pem") && words.contains("swapped"), "{words}");
    let twice = Tls::from_pem_files(dir.path("cert.pem"), dir.path("cert.pem"));
    let words = twice.unwrap_err().to_string();
    assert!(words.contains("cert.pem") && words.contains("swapped"), "{words}");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let authority = Authority::new("ca");
    let dir = Dir::of(&authority.server());
    dir.write("key.pem", &authority.server().key_pem());
    let words = dir.refusal();
    assert!(words.contains("key.pem") && words.contains("cert.pem"), "{words}");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let dir = Dir::new();
    let error = dir.tls().unwrap_err();
    assert!(error.to_string().contains("cert.pem"), "{error}");
    assert!(error.source().is_some());
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotFound);
}

#[test]
fn an_encrypted_key_is_recognised() {
    let dir = Dir::of(&Authority::new("ca").server());
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
    for text in [pem("ENCRYPTED PRIVATE KEY", b"secret").as_str(), old] {
        dir.write("key.pem", text);
        assert!(dir.refusal().contains("openssl pkey"), "{}", dir.refusal());
    }
}

#[test]
fn what_is_not_what_its_label_says_is_refused() {
    let dir = Dir::of(&Authority::new("ca").server());
    dir.write("key.pem", &pem("PRIVATE KEY", b"no key"));
    assert!(dir.refusal().contains("it must be RSA"), "{}", dir.refusal());
    dir.put(&Authority::new("ca").server());
    dir.write("cert.pem", &pem("CERTIFICATE", b"no certificate"));
    assert!(dir.refusal().contains("cannot be used"), "{}", dir.refusal());
    dir.write("cert.pem", "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
    assert!(dir.refusal().contains("not base64"), "{}", dir.refusal());
    dir.write("cert.pem", "");
    assert!(dir.refusal().contains("-----BEGIN CERTIFICATE-----"), "{}", dir.refusal());
}

#[test]
fn debug_output_has_paths_and_no_secrets() {
    let dir = Dir::of(&Authority::new("ca").server());
    let shown = format!("{:?}", dir.tls().unwrap());
    assert!(shown.contains("key.pem") && shown.len() < 500, "{shown}");
}

#[test]
fn errors_quote_no_key_that_is_on_one_line() {
    let server = Authority::new("ca").server();
    let dir = Dir::of(&server);
    let lines = server.key_pem();
    let secret = lines.lines().nth(1).unwrap();
    for text in [lines.replace('\n', ""), lines.replacen('\n', "", 1)] {
        dir.write("key.pem", &text);
        let error = dir.tls().unwrap_err();
        assert!(error.to_string().contains("is damaged: a "), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(secret) && shown.len() < 500, "{shown}");
    }
}
