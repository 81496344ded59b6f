//! Handshakes of which some bytes were read before they were known to be TLS.

use tokio_rustls::rustls::ClientConnection;
use tokio_rustls::rustls::client::Resumption;

use super::dir::server;
use super::*;

/// What a client in middlebox compatibility mode may send after its ClientHello (RFC 8446 §D.4).
const CHANGE_CIPHER_SPEC: &[u8] = &[0x14, 3, 3, 0, 1, 1];

/// A client whose ClientHello always has the same length, since it resumes no session.
fn fresh_client(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut client = client(authority, versions, None);
    client.resumption = Resumption::disabled();
    client
}

/// The ClientHello of such a client.
fn hello(client: &ClientConfig) -> Vec<u8> {
    let mut connection = ClientConnection::new(Arc::new(client.clone()), name()).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

/// Performs a handshake of which the first `split` bytes were already received. `behind` is what
/// the client sends after its ClientHello.
async fn accepts_after(tls: &Tls, client: &ClientConfig, behind: &[u8], split: usize) {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let length = hello(client).len();
    let accept = async {
        let mut first = vec![0; length];
        near.read_exact(&mut first).await.unwrap();
        first.extend_from_slice(behind);
        let (received, rest) = first.split_at(split);
        let (reader, writer) = tokio::io::split(near);
        let mut stream = tls
            .accept_received(tokio::io::join(rest.chain(reader), writer), received)
            .await
            .unwrap();
        let mut word = [0; 4];
        stream.read_exact(&mut word).await.unwrap();
        stream.write_all(&word).await.unwrap();
        stream.flush().await.unwrap();
    };
    let connect = async {
        let connector = TlsConnector::from(Arc::new(client.clone()));
        let mut stream = connector.connect(name(), far).await.unwrap();
        let mut word = [0; 4];
        stream.write_all(b"ping").await.unwrap();
        stream.flush().await.unwrap();
        stream.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"ping", "split at {split}");
    };
    tokio::join!(accept, connect);
}

#[tokio::test]
async fn a_hello_is_taken_up_wherever_it_was_split() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    for version in BOTH {
        let client = fresh_client(&authority, &[version]);
        for split in 0..=hello(&client).len() {
            accepts_after(&tls, &client, b"", split).await;
        }
    }
}

#[tokio::test]
async fn bytes_behind_the_hello_are_taken_up_too() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    let client = fresh_client(&authority, &[&TLS13]);
    let length = hello(&client).len();
    for split in length..=length + CHANGE_CIPHER_SPEC.len() {
        accepts_after(&tls, &client, CHANGE_CIPHER_SPEC, split).await;
    }
}

#[tokio::test]
async fn a_hello_longer_than_one_read_is_taken_up_whole() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    let mut client = fresh_client(&authority, BOTH);
    client.alpn_protocols = vec![vec![b'x'; 255]; 40];
    client.alpn_protocols.push(b"http/1.1".to_vec());
    let length = hello(&client).len();
    assert!(length > 10_000);
    for split in [0, 1, 4095, 4096, 4097, 8192, length] {
        accepts_after(&tls, &client, b"", split).await;
    }
}

/// The error of a handshake that fails, and what is sent to the client.
async fn refused(tls: &Tls, received: &[u8], more: &[u8]) -> (io::Error, Vec<u8>) {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    far.write_all(more).await.unwrap();
    let error = tls.accept_received(near, received).await.unwrap_err();
    let mut told = Vec::new();
    far.read_to_end(&mut told).await.unwrap();
    (error, told)
}

#[tokio::test]
async fn garbage_is_refused_with_an_alert() {
    let tls = server(&Authority::new("ca"));
    let garbage = b"GET / HTTP/1.1\r\nHost: server.test\r\n\r\n";
    for split in 0..=garbage.len() {
        let (error, told) = refused(&tls, &garbage[..split], &garbage[split..]).await;
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains("not valid TLS"), "{error}");
        assert_eq!(told[..2], [0x15, 3], "split at {split}");
    }
}

#[tokio::test]
async fn a_hello_with_a_changed_byte_never_panics() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    let hello = hello(&fresh_client(&authority, BOTH));
    for at in 0..hello.len() {
        let mut changed = hello.clone();
        changed[at] ^= 0xff;
        let (near, far) = tokio::io::duplex(64 * 1024);
        drop(far);
        assert!(tls.accept_received(near, &changed).await.is_err());
    }
}

#[tokio::test]
async fn a_client_of_other_protocols_is_told_so() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    for version in BOTH {
        let mut client = fresh_client(&authority, &[version]);
        client.alpn_protocols = vec![b"spdy/3".to_vec()];
        let mut received = hello(&client);
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        let connector = TlsConnector::from(Arc::new(client));
        let accept = async {
            near.read_exact(&mut received).await.unwrap();
            tls.accept_received(near, &received).await.unwrap_err()
        };
        let (error, told) = tokio::join!(accept, connector.connect(name(), far));
        assert!(error.to_string().contains("no application protocol (ALPN)"), "{error}");
        let told = told.unwrap_err();
        assert!(told.to_string().contains("NoApplicationProtocol"), "{told}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_server_is_named_as_the_cause() {
    let tls = server(&Authority::new("ca"));
    for version in BOTH {
        let client = client(&Authority::new("another"), &[version], None);
        let error = handshake(&tls, client).await.0.unwrap_err();
        assert!(error.to_string().contains("does not accept this server's certificate"), "{error}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_halfway_is_named_as_the_cause() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    let hello = hello(&fresh_client(&authority, BOTH));
    for received in [&hello[..0], &hello[..50], &hello] {
        let (near, mut far) = tokio::io::duplex(64 * 1024);
        far.shutdown().await.unwrap();
        let error = tls.accept_received(near, received).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("the client disconnected"), "{error}");
    }
}
