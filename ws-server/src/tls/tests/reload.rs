//! Files that change while the server runs.

use super::*;

#[tokio::test]
async fn a_reload_is_for_new_connections() {
    let authority = Authority::new("ca");
    let (old, new) = (authority.server(), authority.server());
    let dir = Dir::of(&old);
    let tls = dir.tls().unwrap();
    let (mut near, mut far) = connect(&tls, client(&authority, BOTH, None)).await;
    dir.put(&new);
    tls.clone().reload().unwrap();
    let (mut newer_near, mut newer_far) = connect(&tls, client(&authority, BOTH, None)).await;
    assert_eq!(shown(&newer_far), new.certificate());
    talk(&mut newer_near, &mut newer_far).await;
    assert_eq!(shown(&far), old.certificate());
    talk(&mut near, &mut far).await;
}

#[tokio::test]
async fn a_reload_reads_the_authorities_of_clients_again() {
    let authority = Authority::new("ca");
    let other = Authority::new("another");
    let dir = Dir::of(&authority.server());
    let tls = dir.tls().unwrap().client_ca(dir.write("ca.pem", &other.pem())).unwrap();
    let alice = authority.client();
    assert!(handshake(&tls, client(&authority, BOTH, Some(&alice))).await.0.is_err());
    dir.write("ca.pem", &authority.pem());
    tls.reload().unwrap();
    connect(&tls, client(&authority, BOTH, Some(&alice))).await;
}

#[tokio::test]
async fn a_reload_that_fails_changes_nothing_and_names_the_file() {
    let authority = Authority::new("ca");
    let old = authority.server();
    let new = authority.server();
    let dir = Dir::of(&old);
    dir.write("ca.pem", &authority.pem());
    let tls = dir.tls().unwrap().client_ca(dir.path("ca.pem")).unwrap();
    let alice = authority.client();
    let damaged = new.certificate_pem().replace("-----END", "");
    for (file, text, wanted) in [
        ("cert.pem", damaged, "-----END CERTIFICATE-----"),
        ("key.pem", new.key_pem(), "does not belong to the first certificate"),
        ("ca.pem", "nothing".to_owned(), "no certificate"),
    ] {
        dir.put(&old);
        dir.write("ca.pem", &authority.pem());
        let path = dir.write(file, &text);
        let words = tls.reload().unwrap_err().to_string();
        assert!(words.contains(&format!("{path:?}")) && words.contains(wanted), "{words}");
        let (near, far) = connect(&tls, client(&authority, BOTH, Some(&alice))).await;
        assert_eq!(shown(&far), old.certificate());
        assert!(near.client_certificate().is_some());
    }
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_leaves_clones_as_they_were() {
    let authority = Authority::new("ca");
    let dir = Dir::of(&authority.server());
    let tls = dir.tls().unwrap();
    let words = tls.clone().client_ca(dir.path("ca.pem")).unwrap_err().to_string();
    assert!(words.starts_with("cannot read") && words.contains("ca.pem"), "{words}");
    tls.reload().unwrap();
    connect(&tls, client(&authority, BOTH, None)).await;
}
