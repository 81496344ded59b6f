//! TLS on a server's own port.

use std::sync::Arc;
use std::time::Duration;

use rcgen::generate_simple_self_signed;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use ws_server::{Origins, Peer, Server, Tls, WebSocket};
use ws_tests::frames::{binary, text};
use ws_tests::{Connector, requests};

use crate::{copy, echo, serve};

/// A certificate of localhost, and how to connect to who has it.
fn certified() -> (Tls, TlsConnector) {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Tls::from_config(Arc::new(server)), TlsConnector::from(Arc::new(client)))
}

async fn connect(server: &Connector, connector: &TlsConnector) -> TlsStream<DuplexStream> {
    let name = ServerName::try_from("localhost").unwrap();
    connector.connect(name, server.connect().into_pipe()).await.unwrap()
}

/// How a client says that it sends no more.
#[derive(Debug, Clone, Copy)]
enum End {
    /// In the way of TLS.
    CloseNotify,
    /// In the way of the socket beneath alone.
    Fin,
}

#[tokio::test(start_paused = true)]
async fn a_client_that_ends_its_side_of_tls_reads_an_orderly_end() {
    let (tls, connector) = certified();
    let builder = || Server::builder().tls(&tls).origins(Origins::Any);
    let servers = [
        builder().messages(|socket, _| echo(socket)),
        builder().wrap(|stream, _| copy(stream)),
        builder().messages(|socket: WebSocket, _| async move {
            let (mut receiver, mut sender) = socket.split();
            while let Some(message) = receiver.recv().await {
                sender.send(&message?).await?;
            }
            Ok(())
        }),
    ];
    for (number, server) in servers.into_iter().enumerate() {
        let (server, _) = serve(server.unwrap());
        for end in [End::CloseNotify, End::Fin] {
            let mut client = connect(&server, &connector).await;
            client.write_all(requests::RFC6455).await.unwrap();
            client.write_all(&binary("last").masked()).await.unwrap();
            client.flush().await.unwrap();
            match end {
                End::CloseNotify => client.shutdown().await.unwrap(),
                End::Fin => client.get_mut().0.shutdown().await.unwrap(),
            }
            // An end without the server's own close_notify would be an error.
            let mut received = Vec::new();
            let outcome = timeout(Duration::from_secs(9), client.read_to_end(&mut received)).await;
            assert!(matches!(outcome, Ok(Ok(_))), "service {number}, {end:?}: {outcome:?}");
            assert!(
                received.ends_with(&binary("last").unmasked()),
                "service {number}, {end:?}: {}",
                String::from_utf8_lossy(&received)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_of_tls_alone_tells_plain_clients_so_whatever_they_speak() {
    let (tls, connector) = certified();
    let who = |mut socket: WebSocket, peer: Peer| async move {
        socket.send(format!("{:?}", peer.transport()).as_str()).await?;
        Ok(())
    };
    let server = Server::builder().tls_only(&tls).origins(Origins::Any).messages(who).unwrap();
    let (server, _) = serve(server);
    for request in [requests::RFC6455, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut plain = server.connect();
        plain.send(request).await;
        let answer = String::from_utf8(plain.rest().await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("wss:"), "{answer}");
    }
    let mut secure = connect(&server, &connector).await;
    secure.write_all(requests::RFC6455).await.unwrap();
    let mut received = Vec::new();
    // How it ends does not matter here: the close is not answered.
    drop(secure.read_to_end(&mut received).await);
    assert!(received.starts_with(b"HTTP/1.1 101 "));
    let greeting = text("Tls").unmasked();
    assert!(received.windows(greeting.len()).any(|bytes| bytes == greeting));
}

#[tokio::test(start_paused = true)]
async fn http_2_is_recognised_within_tls() {
    let (tls, connector) = certified();
    let server = Server::builder().tls(&tls).messages(|socket, _| echo(socket)).unwrap();
    let (server, _) = serve(server);
    let mut client = connect(&server, &connector).await;
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    client.write_all(&settings).await.unwrap();
    let mut answer = [0; 9];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[3..], settings[3..], "no SETTINGS: {answer:?}");
}
