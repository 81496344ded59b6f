//! What `Forwarded` and `X-Forwarded-*` say about the client that a proxy relays.

mod element;
mod node;

use std::net::SocketAddr;

use ws_core::head::RequestHead;
use ws_core::{Rejection, Transport};

use super::TrustedProxies;
use crate::socket::RemoteAddr;
use element::{Element, Elements};
use node::Node;

const FORWARDED: &str = "Forwarded";
const FORWARDED_FOR: &str = "X-Forwarded-For";
const FORWARDED_PROTO: &str = "X-Forwarded-Proto";
const FORWARDED_HOST: &str = "X-Forwarded-Host";

/// Where a request comes from, according to its trusted proxies.
///
/// The fields are only used on a connection from a trusted proxy, and only up to the first address,
/// from the right, that is not trusted: what is left of it may be forged by the client.
/// `Forwarded` (RFC 7239) is read, or `X-Forwarded-For`, `-Proto` and `-Host`. Both at once are
/// refused, since a proxy that sets one kind often passes on what the client has sent of the other.
/// **A trusted proxy must set or remove each of the four**: with one that it passes on unchanged,
/// the client can claim anything.
///
/// A malformed field of a trusted proxy is answered with 400, and not ignored: otherwise the client
/// would be taken for the proxy, with the address and rights of the proxy. A client that sends a
/// malformed field to its proxy only has its own request refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// The client's address: the one that the trusted proxies name, with port 0 when they name no
    /// port; [`RemoteAddr::Unknown`] when they hide it; that of the connection when they name none.
    pub(crate) remote: RemoteAddr,
    /// How the client reached the proxy, if the proxy says so.
    pub(crate) transport: Option<Transport>,
    /// The host and port that the client sent its request to, if the proxy says so. Always made of
    /// characters that an authority may contain.
    pub(crate) host: Option<String>,
}

impl Forwarded {
    /// Reads what trusted proxies say in a request on a connection from `remote`.
    ///
    /// # Errors
    /// A [`Rejection`] with status 400 that names the field, when a trusted proxy sent a malformed
    /// one.
    pub(crate) fn read(
        head: &RequestHead,
        remote: RemoteAddr,
        trusted: &TrustedProxies,
    ) -> Result<Forwarded, Rejection> {
        if !trusted.contains(remote) {
            return Ok(Forwarded { remote, transport: None, host: None });
        }
        if head.fields().contains(FORWARDED) {
            let others = [FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST];
            if others.into_iter().any(|name| head.fields().contains(name)) {
                return Err(malformed(
                    FORWARDED,
                    "the request also has X-Forwarded-* fields; the proxy must remove one kind",
                ));
            }
            return rfc7239(head, remote, trusted);
        }
        let hops = head.fields().list(FORWARDED_FOR).map(Node::parse_lenient);
        let last = |name| head.fields().list(name).last();
        Ok(Forwarded {
            remote: match first_untrusted(hops, |hop| *hop, trusted) {
                Some(hop) => client(hop, FORWARDED_FOR)?,
                None => remote,
            },
            transport: last(FORWARDED_PROTO)
                .map(|value| transport(value, FORWARDED_PROTO))
                .transpose()?,
            host: last(FORWARDED_HOST).map(|value| host(value, FORWARDED_HOST)).transpose()?,
        })
    }
}

fn rfc7239(
    head: &RequestHead,
    remote: RemoteAddr,
    trusted: &TrustedProxies,
) -> Result<Forwarded, Rejection> {
    let mut broken = false;
    let elements = head.fields().all(FORWARDED).flat_map(Elements::new);
    let elements = elements.map_while(|element| {
        broken |= element.is_none();
        element
    });
    let found = first_untrusted(elements, Element::node, trusted);
    if broken {
        return Err(malformed(FORWARDED, "it is not a list of name=value pairs"));
    }
    let Some(element) = found else {
        return Ok(Forwarded { remote, transport: None, host: None });
    };
    Ok(Forwarded {
        remote: client(element.node(), FORWARDED)?,
        transport: element.proto().map(|value| transport(value, FORWARDED)).transpose()?,
        host: element.host().map(|value| host(value, FORWARDED)).transpose()?,
    })
}

/// The first hop, from the right, that is not a trusted proxy, or the leftmost if all are. It is
/// found from left to right, so that no list is stored: each hop that is not trusted replaces the
/// one found before it.
fn first_untrusted<H>(
    hops: impl Iterator<Item = H>,
    node: impl Fn(&H) -> Node,
    trusted: &TrustedProxies,
) -> Option<H> {
    hops.reduce(|found, hop| if is_trusted(node(&hop), trusted) { found } else { hop })
}

fn is_trusted(node: Node, trusted: &TrustedProxies) -> bool {
    match node {
        Node::Address(addr) => trusted.contains(RemoteAddr::Tcp(addr)),
        Node::Hidden | Node::Malformed => false,
    }
}

fn client(node: Node, field: &str) -> Result<RemoteAddr, Rejection> {
    match node {
        Node::Address(addr) => {
            Ok(RemoteAddr::Tcp(SocketAddr::new(addr.ip().to_canonical(), addr.port())))
        }
        Node::Hidden => Ok(RemoteAddr::Unknown),
        Node::Malformed => Err(malformed(field, "the client in it is not an IP address")),
    }
}

fn transport(scheme: &[u8], field: &str) -> Result<Transport, Rejection> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    match scheme {
        _ if is("http") || is("ws") => Ok(Transport::Plain),
        _ if is("https") || is("wss") => Ok(Transport::Tls),
        _ => Err(malformed(field, "the scheme is none of http, https, ws and wss")),
    }
}

/// The longest host, in bytes: a domain name (RFC 1035 §2.3.4) and a port.
const MAX_HOST_BYTES: usize = 253 + ":65535".len();

fn host(value: &[u8], field: &str) -> Result<String, Rejection> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%:[]".contains(byte);
    let host = Some(value)
        .filter(|value| !value.is_empty() && value.len() <= MAX_HOST_BYTES)
        .filter(|value| value.iter().all(plain))
        .and_then(|value| std::str::from_utf8(value).ok());
    host.map(str::to_owned)
        .ok_or_else(|| malformed(field, "the host is not a name or address with an optional port"))
}

fn malformed(field: &str, why: &str) -> Rejection {
    Rejection::bad_request(format!("the proxy sent a {field} field that is not valid: {why}"))
}

#[cfg(test)]
mod tests;
