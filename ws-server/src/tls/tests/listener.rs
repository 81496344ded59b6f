//! TLS in front of a site.

use axum::Router;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::{OpeningRequest, Server, TlsConnectInfo, TlsListener, Transport};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Origin: https://a\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

#[tokio::test]
async fn a_mounted_service_and_its_decision_know_clients_by_their_certificates() {
    let authority = Authority::new("ca");
    let dir = Dir::of(&authority.server());
    let ca = dir.write("ca.pem", &authority.pem());
    let tls = dir.tls().unwrap().client_ca(ca).unwrap();
    let decide = |request: OpeningRequest| async {
        let subject = request.client_certificate().unwrap().subject().to_owned();
        assert_eq!(request.transport(), Transport::Tls);
        assert!(request.remote().tcp().unwrap().ip().is_loopback());
        Ok(request.accept(move |mut socket, peer| async move {
            assert_eq!(peer.client_certificate().unwrap().subject(), subject);
            socket.send(subject).await
        }))
    };
    let site = Router::new().fallback_service(Server::builder().open_upgrade(decide).unwrap());
    let site = site.into_make_service_with_connect_info::<TlsConnectInfo>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(TlsListener::new(listener, tls), site).into_future());

    let alice = client(&authority, BOTH, Some(&authority.client()));
    let connector = TlsConnector::from(Arc::new(alice));
    let stream = TcpStream::connect(address).await.unwrap();
    let mut far = connector.connect(name(), stream).await.unwrap();
    far.write_all(REQUEST).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(far.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    let greeting = "CN=alice,O=Example\\, Inc.";
    let mut found = vec![0; 2 + greeting.len()];
    far.read_exact(&mut found).await.unwrap();
    assert_eq!(&found[2..], greeting.as_bytes());
    serving.abort();
}
