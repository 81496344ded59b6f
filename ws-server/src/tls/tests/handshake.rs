//! TLS versions, application protocols, and writes of the socket.

use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dir::server;
use super::*;
use crate::tls::Protocols;
use crate::tls::rustls::{HandshakeKind, ServerConfig};

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    for (version, wanted) in [(&TLS12, "TLSv1_2"), (&TLS13, "TLSv1_3")] {
        let (mut near, mut far) = connect(&tls, client(&authority, &[version], None)).await;
        talk(&mut near, &mut far).await;
        assert!(format!("{near:?}").contains(wanted), "{near:?}");
        assert_eq!(near.client_certificate(), None);
    }
}

#[tokio::test]
async fn a_handshake_may_run_on_any_worker() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    let (near, far) = tokio::io::duplex(64 * 1024);
    let accepted = tokio::spawn(async move { tls.accept_received(near, b"").await });
    let connector = TlsConnector::from(Arc::new(client(&authority, BOTH, None)));
    let mut far = connector.connect(name(), far).await.unwrap();
    talk(&mut accepted.await.unwrap().unwrap(), &mut far).await;
}

async fn agreed(tls: &Tls, authority: &Authority, asked: &[&[u8]]) -> Option<Vec<u8>> {
    let mut client = client(authority, BOTH, None);
    client.alpn_protocols = asked.iter().map(|id| id.to_vec()).collect();
    let (near, far) = connect(tls, client).await;
    assert_eq!(near.alpn(), far.get_ref().1.alpn_protocol());
    near.alpn().map(<[u8]>::to_vec)
}

#[tokio::test]
async fn http_2_is_agreed_on_only_if_it_is_offered() {
    let authority = Authority::new("ca");
    let http1 = server(&authority);
    let http2 = http1.offering(Protocols::Http2AndHttp1);
    let both: [&[u8]; 2] = [b"http/1.1", b"h2"];
    assert_eq!(agreed(&http1, &authority, &both).await.unwrap(), b"http/1.1");
    assert_eq!(agreed(&http2, &authority, &both).await.unwrap(), b"h2");
    assert_eq!(agreed(&http2, &authority, &both[..1]).await.unwrap(), b"http/1.1");
}

#[tokio::test]
async fn a_client_that_asks_for_no_protocol_is_accepted() {
    let authority = Authority::new("ca");
    let http1 = server(&authority);
    let http2 = http1.offering(Protocols::Http2AndHttp1);
    assert_eq!(agreed(&http1, &authority, &[]).await, None);
    assert_eq!(agreed(&http2, &authority, &[]).await, None);
}

#[tokio::test]
async fn what_is_offered_survives_a_reload() {
    let authority = Authority::new("ca");
    let dir = Dir::of(&authority.server());
    let http1 = dir.tls().unwrap();
    let http2 = http1.offering(Protocols::Http2AndHttp1);
    http1.reload().unwrap();
    let both: [&[u8]; 2] = [b"http/1.1", b"h2"];
    assert_eq!(agreed(&http1, &authority, &both).await.unwrap(), b"http/1.1");
    assert_eq!(agreed(&http2, &authority, &both).await.unwrap(), b"h2");
}

fn config_of(server: &Identity) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.certificate()], server.key())
        .unwrap();
    Arc::new(config)
}

#[tokio::test]
async fn a_configuration_of_ones_own_is_used_and_replaced() {
    let authority = Authority::new("ca");
    let (old, new) = (authority.server(), authority.server());
    let tls = Tls::from_config(config_of(&old)).offering(Protocols::Http2AndHttp1);
    let (_near, far) = connect(&tls, client(&authority, BOTH, None)).await;
    assert_eq!(shown(&far), old.certificate());
    tls.clone().replace(config_of(&new));
    let (_near, far) = connect(&tls, client(&authority, BOTH, None)).await;
    assert_eq!(shown(&far), new.certificate());
    assert_eq!(agreed(&tls, &authority, &[b"h2"]).await.unwrap(), b"h2");
    assert!(tls.reload().unwrap_err().to_string().contains("Tls::replace"));
}

#[tokio::test]
async fn a_session_is_resumed_unless_client_certificates_are_required() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    let dir = Dir::of(&authority.server());
    let strict = dir.tls().unwrap().client_ca(dir.write("ca.pem", &authority.pem())).unwrap();
    for (tls, second) in [(tls, HandshakeKind::Resumed), (strict, HandshakeKind::Full)] {
        for version in BOTH {
            let client = client(&authority, &[version], Some(&authority.client()));
            let (mut near, mut far) = connect(&tls, client.clone()).await;
            talk(&mut near, &mut far).await;
            let (_near, far) = connect(&tls, client).await;
            assert_eq!(far.get_ref().1.handshake_kind(), Some(second));
        }
    }
}

#[tokio::test]
async fn one_vectored_write_of_many_pieces_is_one_write_of_the_socket() {
    let authority = Authority::new("ca");
    let tls = server(&authority);
    let (near, far) = tokio::io::duplex(256 * 1024);
    let writes = Arc::new(AtomicUsize::new(0));
    let near = Counting { io: near, writes: Arc::clone(&writes) };
    let connector = TlsConnector::from(Arc::new(client(&authority, BOTH, None)));
    let (near, far) = tokio::join!(tls.accept_received(near, b""), connector.connect(name(), far));
    let (mut near, _far) = (near.unwrap(), far.unwrap());
    let before = writes.load(Ordering::Relaxed);
    let pieces = [[1; 10].as_slice(), &[2; 20_000], &[3; 20_000]];
    let written = near.write_vectored(&pieces.map(IoSlice::new)).await.unwrap();
    near.flush().await.unwrap();
    assert_eq!(written, 40_010);
    assert_eq!(writes.load(Ordering::Relaxed) - before, 1);
}

/// Counts the writes of the socket.
struct Counting {
    io: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
