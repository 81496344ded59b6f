//! What trusted proxies say about the client: the PROXY protocol, and the fields of a request.

use ws_core::Rejection;
use ws_core::head::RequestHead;

use super::outcome::OpeningError;
use super::read_until::read_until;
use super::received::Received;
use crate::config::Config;
use crate::peer::Source;
use crate::proxy::{Forwarded, ProxyHeader, parse};
use crate::socket::{RemoteAddr, Socket};

/// Reads the header of the PROXY protocol, if the connection comes from a proxy that is configured
/// to send one.
pub(super) async fn read_proxy_header(
    socket: &mut Socket,
    received: &mut Received,
    source: &mut Source,
    config: &Config,
) -> Result<(), OpeningError> {
    if !config.proxy_protocol.contains(source.remote) {
        return Ok(());
    }
    let header = read_until(socket, received, take_header).await?;
    // Where the proxy names no client address, its own must not be taken for the client's: the
    // client would get the rights of the proxy.
    source.remote = header.source.map_or(RemoteAddr::Unknown, RemoteAddr::Tcp);
    source.transport = header.transport.unwrap_or(source.transport);
    Ok(())
}

/// Takes the header from the received bytes, once it is complete.
fn take_header(received: &mut Received) -> Result<Option<ProxyHeader>, OpeningError> {
    let found = parse(received.unread()).map_err(OpeningError::Proxy)?;
    Ok(found.map(|(taken, header)| {
        received.consume(taken);
        header
    }))
}

/// Applies `Forwarded` or `X-Forwarded-*`, if the request comes from a trusted proxy: the client's
/// address, and the host and scheme that it used, are then those that the proxy names.
///
/// # Errors
/// As with [`Forwarded::read`].
pub(crate) fn believe_forwarded(
    head: &mut RequestHead,
    source: &mut Source,
    config: &Config,
) -> Result<(), Rejection> {
    let forwarded = Forwarded::read(head, source.remote, &config.trusted_proxies)?;
    source.remote = forwarded.remote;
    source.transport = forwarded.transport.unwrap_or(source.transport);
    if let Some(host) = forwarded.host {
        head.fields_mut().set("Host", host);
    }
    Ok(())
}
