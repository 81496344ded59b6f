//! Tests of TLS.

mod authority;
mod client_certificates;
mod dir;
mod files;
mod handshake;
#[cfg(all(feature = "axum", feature = "rfc6455"))]
mod listener;
mod received;
mod reload;
mod serving;

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::{TlsConnector, client};

use self::authority::{Authority, Identity};
use self::dir::Dir;
use super::rustls::crypto::ring::default_provider;
use super::rustls::pki_types::{CertificateDer, ServerName};
use super::rustls::version::{TLS12, TLS13};
use super::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use super::{Tls, TlsStream};

const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

type Near = TlsStream<DuplexStream>;
type Far = client::TlsStream<DuplexStream>;

/// A client that trusts this authority, and presents this certificate if there is one.
fn client(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    identity: Option<&Identity>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some(it) => builder.with_client_auth_cert(vec![it.certificate()], it.key()).unwrap(),
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from("server.test").unwrap()
}

/// Both sides of a handshake.
async fn handshake(tls: &Tls, client: ClientConfig) -> (io::Result<Near>, io::Result<Far>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let connector = TlsConnector::from(Arc::new(client));
    tokio::join!(tls.accept_received(near, b""), connector.connect(name(), far))
}

async fn connect(tls: &Tls, client: ClientConfig) -> (Near, Far) {
    let (near, far) = handshake(tls, client).await;
    (near.unwrap(), far.unwrap())
}

/// Exchanges four bytes in each direction.
async fn talk(near: &mut Near, far: &mut Far) {
    let mut word = [0; 4];
    far.write_all(b"ping").await.unwrap();
    far.flush().await.unwrap();
    near.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"ping");
    near.write_all(b"pong").await.unwrap();
    near.flush().await.unwrap();
    far.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"pong");
}

/// The certificate that the server presented.
fn shown(far: &Far) -> CertificateDer<'static> {
    far.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}
