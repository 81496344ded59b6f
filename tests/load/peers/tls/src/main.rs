//! `PORT CERTIFICATE KEY`: an echo of bytes on rustls and tokio, with a buffer for all connections.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use peer::{args, serve};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

const BUFFER: usize = 16 * 1024;

thread_local!(static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]));

fn main() {
    let acceptor = acceptor();
    serve(move |socket| echo(acceptor.clone(), socket));
}

fn acceptor() -> TlsAcceptor {
    let [certificate, key] = &args().files[..] else { panic!("PORT CERTIFICATE KEY") };
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate and its key");
    TlsAcceptor::from(Arc::new(config))
}

async fn echo(acceptor: TlsAcceptor, socket: TcpStream) {
    // Boxed, so that the handshake does not enlarge the task.
    let Ok(mut stream) = Box::pin(acceptor.accept(socket)).await else { return };
    while let Some(data) = poll_fn(|context| read(&mut stream, context)).await {
        if stream.write_all(&data).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// The available data; none at the end.
fn read(stream: &mut TlsStream<TcpStream>, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
    READ.with_borrow_mut(|buffer| {
        let mut read = ReadBuf::new(buffer);
        Pin::new(stream).poll_read(context, &mut read).map(|result| {
            (result.is_ok() && !read.filled().is_empty()).then(|| read.filled().to_vec())
        })
    })
}
