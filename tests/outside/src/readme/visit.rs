//! The client of the README's programs.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use ws_outside::Generated;

use crate::PATIENCE;

const HELLO: &str = "hello";

/// A certificate of 127.0.0.1.
pub(crate) struct Certificate(CertificateDer<'static>);

impl Certificate {
    /// Generates one, and writes it and its key where a program reads them.
    pub(crate) fn write(generated: &Generated, (file, key_file): (&str, &str)) -> Certificate {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
        let made = made.unwrap_or_else(|error| panic!("{error}"));
        generated.write(file, &made.cert.pem());
        generated.write(key_file, &made.signing_key.serialize_pem());
        Certificate(made.cert.der().clone())
    }

    /// A TLS client that trusts this certificate alone.
    fn connector(&self) -> Result<TlsConnector, Error> {
        let provider = Arc::new(crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.0.clone()).map_err(std::io::Error::other)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(std::io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// Opens a WebSocket at the first of these URLs that serves one, and returns which it was.
pub(crate) async fn first(
    urls: &[String],
    certificate: Option<&Certificate>,
    echoes: bool,
) -> Result<String, String> {
    let mut refused = String::new();
    for url in urls {
        match timeout(PATIENCE, visit(url, certificate, echoes)).await {
            Ok(Ok(())) => return Ok(url.clone()),
            Ok(Err(Error::Http(response))) => {
                refused += &format!("; {url} answers {}", response.status());
            }
            Ok(Err(error)) => return Err(format!("{url}: {error}")),
            Err(_) => return Err(format!("{url} does not answer")),
        }
    }
    Err(format!("there is no WebSocket{refused}"))
}

async fn visit(url: &str, certificate: Option<&Certificate>, echoes: bool) -> Result<(), Error> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let stream = TcpStream::connect(rest.split('/').next().unwrap_or(rest)).await?;
    if scheme == "ws" {
        return talk(client_async(url, stream).await?.0, echoes).await;
    }
    let certificate = certificate.ok_or(std::io::Error::other("it has no certificate"))?;
    let name = ServerName::from(std::net::IpAddr::from([127, 0, 0, 1]));
    let stream = certificate.connector()?.connect(name, stream).await?;
    talk(client_async(url, stream).await?.0, echoes).await
}

/// Sends a message if it should come back, and closes.
async fn talk<S>(mut client: WebSocketStream<S>, echoes: bool) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if echoes {
        client.send(HELLO.into()).await?;
        let mut received = client.next().await.transpose()?;
        while let Some(Message::Ping(_)) = received {
            received = client.next().await.transpose()?;
        }
        if received.clone().is_none_or(|message| message.into_data() != HELLO) {
            let error = format!("it does not return a message, but {received:?}");
            return Err(std::io::Error::other(error).into());
        }
    }
    client.close(None).await?;
    while let Some(message) = client.next().await {
        if let Message::Close(Some(frame)) = message?
            && u16::from(frame.code) == 1011
        {
            return Err(std::io::Error::other("its handler failed").into());
        }
    }
    Ok(())
}
