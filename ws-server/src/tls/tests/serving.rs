//! A server that terminates TLS on its own port.

use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use super::*;
use crate::{Listener, Peer, RemoteAddr, Server, Socket, Timeouts, WebSocket};

/// A listener that accepts one pipe.
struct Once(Mutex<Option<DuplexStream>>);

impl Listener for Once {
    fn poll_accept(&self, _cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        match self.0.lock().unwrap().take() {
            Some(pipe) => Poll::Ready(Ok((Socket::other(pipe), RemoteAddr::Unknown))),
            None => Poll::Pending,
        }
    }
}

/// A connection to a server that greets each client with its subject.
fn greeter(tls: &Tls) -> DuplexStream {
    let greet = |mut socket: WebSocket, peer: Peer| async move {
        let subject = peer.client_certificate().map_or("nobody", |shown| shown.subject());
        socket.send(format!("{subject} {:?}", peer.transport()).as_str()).await?;
        Ok(())
    };
    let mut timeouts = Timeouts::default();
    timeouts.opening = Duration::from_secs(7);
    let server = Server::builder().timeouts(timeouts).tls(tls).messages(greet).unwrap();
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve(Once(Mutex::new(Some(near)))).into_future());
    far
}

#[cfg(feature = "rfc6455")]
#[tokio::test]
async fn a_service_knows_its_clients_by_their_certificates() {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    let authority = Authority::new("ca");
    let dir = Dir::of(&authority.server());
    let ca = dir.write("ca.pem", &authority.pem());
    let open = dir.tls().unwrap();
    let strict = dir.tls().unwrap().client_ca(ca).unwrap();
    let alice = authority.client();
    for (tls, shown, greeting) in
        [(&open, None, "nobody Tls"), (&strict, Some(&alice), "CN=alice,O=Example\\, Inc. Tls")]
    {
        let connector = TlsConnector::from(Arc::new(client(&authority, BOTH, shown)));
        let mut far = connector.connect(name(), greeter(tls)).await.unwrap();
        far.write_all(REQUEST).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(far.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        assert_eq!(far.read_u16().await.unwrap(), 0x8100 | greeting.len() as u16);
        let mut found = vec![0; greeting.len()];
        far.read_exact(&mut found).await.unwrap();
        assert_eq!(found, greeting.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_stalls_ends_with_the_opening_deadline() {
    let dir = Dir::of(&Authority::new("ca").server());
    let tls = dir.tls().unwrap();
    for sent in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut far = greeter(&tls);
        far.write_all(sent).await.unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(far.read(&mut [0; 100]).await.unwrap(), 0);
        assert_eq!(begun.elapsed().as_secs(), 7);
    }
}
