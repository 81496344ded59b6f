//! What the fields of a request say of the client that a proxy relays.

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

/// Who a request comes from, after its proxies have been heard.
///
/// The fields are believed only on a connection from a trusted proxy, and there no further than
/// to the first address, from the right, that is not trusted: what is left of it may be the
/// client's own invention, and is not used. `Forwarded` (RFC 7239) is read, or `X-Forwarded-For`,
/// `-Proto` and `-Host`; both at once are refused, since a proxy that sets one kind commonly
/// passes on what the client has sent of the other. **A trusted proxy must set or remove each of
/// the four**: those it passes on as they came are the client's word.
///
/// A field of a trusted proxy that cannot be understood is answered with 400, and not ignored:
/// without it the client would be taken for the proxy, and have its address and its rights. A
/// client that spoils a field in front of its proxy spoils its own request alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// Where the client connects from: the address that the trusted proxies name, with port 0
    /// when they name no port; [`RemoteAddr::Unknown`] when they hide it; the connection's own
    /// when they say nothing.
    pub(crate) remote: RemoteAddr,
    /// How the client reached the proxy, if that is said.
    pub(crate) transport: Option<Transport>,
    /// The host and port that the client asked the proxy for, if that is said. It holds no other
    /// characters than those of an authority.
    pub(crate) host: Option<String>,
}

impl Forwarded {
    /// Reads what is to be believed of a request that came from `remote`.
    ///
    /// # Errors
    /// A [`Rejection`] with status 400 that names the field, when a trusted proxy sent one that
    /// cannot be understood.
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
                return Err(malformed(FORWARDED, "X-Forwarded fields stand beside it"));
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

/// The first hop, from the right, that is no trusted proxy, or the leftmost if all are. It is
/// found from left to right, so that nothing is kept: each hop that is not trusted hides those
/// before it.
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
        Node::Malformed => Err(malformed(field, "it names a client by something not an address")),
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

/// The longest host: a domain name, or an address in brackets, and a port.
const MAX_HOST_BYTES: usize = 253 + ":65535".len();

fn host(value: &[u8], field: &str) -> Result<String, Rejection> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%:[]".contains(byte);
    let host = Some(value)
        .filter(|value| !value.is_empty() && value.len() <= MAX_HOST_BYTES)
        .filter(|value| value.iter().all(plain))
        .and_then(|value| std::str::from_utf8(value).ok());
    host.map(str::to_owned).ok_or_else(|| malformed(field, "the host is no host and port"))
}

fn malformed(field: &str, why: &str) -> Rejection {
    Rejection::bad_request(format!("the proxy sent a {field} that cannot be understood: {why}"))
}

#[cfg(test)]
mod tests;
