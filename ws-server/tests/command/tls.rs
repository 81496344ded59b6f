//! TLS on the command's port.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use ws_server::rustls::crypto::ring::default_provider;
use ws_server::rustls::pki_types::pem::PemObject;
use ws_server::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use ws_server::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::process::{
    HELLO, HELLO_BACK, PATIENCE, REQUEST, Server, expect, expect_head, rest, run, socket_path,
};

type Client = StreamOwned<ClientConnection, TcpStream>;

/// A directory of certificates; it is removed at the end of the test.
struct Certificates {
    dir: PathBuf,
    authority: CertifiedIssuer<'static, KeyPair>,
}

/// Whether a certificate is valid now.
#[derive(Clone, Copy)]
enum Validity {
    Good,
    Expired,
}

impl Certificates {
    fn new(name: &str) -> Certificates {
        let dir = socket_path(name);
        fs::create_dir_all(&dir).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        fs::write(dir.join("ca.pem"), authority.pem()).unwrap();
        let certificates = Certificates { dir, authority };
        certificates.issue("server", Validity::Good);
        certificates
    }

    /// Writes NAME.pem and NAME.key.
    fn issue(&self, name: &str, validity: Validity) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        if let Validity::Expired = validity {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.join(file)
    }

    /// The command with these certificates, and these arguments.
    fn serve(&self, args: &[&str]) -> Server {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        let tls = ["0", "--tls-cert", text(&certificate), "--tls-key", text(&key)];
        Server::start(&[&tls, args].concat())
    }

    /// Connects a client that trusts this authority and presents a certificate of this name, if
    /// any, and sends the request.
    fn connect(&self, server: &Server, shown: Option<(&Certificates, &str)>) -> io::Result<Client> {
        let mut client = self.connect_silently(server, shown);
        client.write_all(REQUEST)?;
        Ok(client)
    }

    /// As [`connect`](Certificates::connect), without sending the request.
    fn connect_silently(&self, server: &Server, shown: Option<(&Certificates, &str)>) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match shown {
            None => config.with_no_client_auth(),
            Some((shower, name)) => {
                let chain = CertificateDer::from_pem_file(shower.path(&format!("{name}.pem")));
                let key = PrivateKeyDer::from_pem_file(shower.path(&format!("{name}.key")));
                config.with_client_auth_cert(vec![chain.unwrap()], key.unwrap()).unwrap()
            }
        };
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(server.address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        StreamOwned::new(connection, socket)
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.dir));
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn echo(client: &mut (impl Read + Write)) {
    client.write_all(HELLO).unwrap();
    expect(client, HELLO_BACK);
}

/// The certificate that the server has presented.
fn shown(client: &Client) -> CertificateDer<'static> {
    client.conn.peer_certificates().unwrap()[0].clone().into_owned()
}

#[test]
fn one_port_speaks_tls_and_plain() {
    let certificates = Certificates::new("both");
    let server = certificates.serve(&[]);
    let (wss, ws) = server.line.split_once(" and ").unwrap();
    assert!(wss.starts_with("listening on wss://127.0.0.1:"), "{}", server.line);
    assert!(ws.starts_with("ws://127.0.0.1:"), "{}", server.line);
    let mut plain = server.connect(REQUEST);
    expect_head(&mut plain);
    let mut secure = certificates.connect(&server, None).unwrap();
    expect_head(&mut secure);
    echo(&mut secure);
    echo(&mut plain);
}

#[test]
fn a_port_for_tls_alone_says_so_to_plain_clients() {
    let certificates = Certificates::new("only");
    let server = certificates.serve(&["--tls-only"]);
    assert!(server.line.starts_with("listening on wss://127.0.0.1:"), "{}", server.line);
    let mut plain = server.connect(REQUEST);
    let answer = String::from_utf8(rest(&mut plain)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("wss:"), "{answer}");
    let mut secure = certificates.connect(&server, None).unwrap();
    expect_head(&mut secure);
    echo(&mut secure);
}

#[test]
fn pages_of_the_servers_own_origin_are_https_pages() {
    let certificates = Certificates::new("origin");
    let server = certificates.serve(&[]);
    for (origin, status) in [("https://a", "101"), ("http://a", "403")] {
        let field = format!("Host: a\r\nOrigin: {origin}\r\n");
        let request = String::from_utf8(REQUEST.to_vec()).unwrap().replace("Host: a\r\n", &field);
        let mut client = certificates.connect_silently(&server, None);
        client.write_all(request.as_bytes()).unwrap();
        assert!(expect_head(&mut client).starts_with(&format!("HTTP/1.1 {status} ")), "{origin}");
    }
}

#[test]
fn certificates_are_read_again_at_sighup_and_connections_under_way_stay() {
    let certificates = Certificates::new("reload");
    let mut server = certificates.serve(&[]);
    let mut old = certificates.connect(&server, None).unwrap();
    expect_head(&mut old);
    certificates.issue("server", Validity::Good);
    server.signal("-HUP");
    server.wait_for_log("certificates reloaded");
    let mut new = certificates.connect(&server, None).unwrap();
    expect_head(&mut new);
    assert_ne!(shown(&old), shown(&new));
    echo(&mut new);
    echo(&mut old);

    fs::write(certificates.path("server.key"), "no key").unwrap();
    server.signal("-HUP");
    let line = server.wait_for_log("the previous ones stay in use");
    assert!(line.contains("server.key"), "{line}");
    let mut newest = certificates.connect(&server, None).unwrap();
    expect_head(&mut newest);
    assert_eq!(shown(&new), shown(&newest));
    echo(&mut old);
}

#[test]
fn clients_that_are_asked_for_a_certificate_and_have_no_good_one_are_logged_and_no_harm() {
    let (ours, others) = (Certificates::new("ours"), Certificates::new("others"));
    ours.issue("good", Validity::Good);
    ours.issue("expired", Validity::Expired);
    others.issue("foreign", Validity::Good);
    let mut server = ours.serve(&["--tls-client-ca", text(&ours.path("ca.pem"))]);
    for (shown, word) in [
        (None, "certificate"),
        (Some((&ours, "expired")), "expired"),
        (Some((&others, "foreign")), "certificate"),
    ] {
        // In TLS 1.3 the client only gets the alert when it reads.
        let outcome = ours.connect(&server, shown).and_then(|mut client| client.read(&mut [0]));
        assert!(outcome.is_err(), "{word}");
        let line = server.wait_for_log("TLS handshake failed");
        assert!(line.contains(word), "{line}");
    }
    // A plain connection is refused, since it cannot present a certificate.
    let mut plain = server.connect(REQUEST);
    let answer = String::from_utf8(rest(&mut plain)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let mut garbage = server.connect(b"\x16\x03\x01\x00\x05garbage and more of it");
    drop(rest(&mut garbage));
    server.wait_for_log("TLS handshake failed");
    let mut client = ours.connect(&server, Some((&ours, "good"))).unwrap();
    expect_head(&mut client);
    echo(&mut client);
}

#[test]
fn files_that_do_not_fit_are_told_before_anything_is_served() {
    let certificates = Certificates::new("misfit");
    certificates.issue("other", Validity::Good);
    let paths = ["server.pem", "server.key", "other.key", "none.pem"].map(|f| certificates.path(f));
    let [certificate, key, other, none] = paths.each_ref().map(|path| text(path));
    let cases: [(&[&str], &str); 4] = [
        (&["0", "--tls-cert", certificate], "--tls-key"),
        (&["0", "--tls-cert", key, "--tls-key", certificate], "swapped"),
        (&["0", "--tls-cert", certificate, "--tls-key", other], "other.key"),
        (&["0", "--tls-cert", none, "--tls-key", key], "none.pem"),
    ];
    for (args, word) in cases {
        let output = run(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(word), "{word}: {error}");
    }
}
