//! The origin of this server, and how that of a page differs from it (RFC 6454 §5).

use ws_core::Transport;
use ws_core::head::RequestHead;

/// This server's own origin, as it appears to the client that has sent a request.
pub(super) struct OwnOrigin<'h> {
    transport: Transport,
    /// The value of the Host field: a host, and a port unless it is the default one. Empty without
    /// a Host field.
    authority: &'h str,
}

/// What differs between the origin of a page and this server's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// Only the scheme: it is `https`, and the request has come without TLS.
    Scheme,
    /// Only the port.
    Port,
    /// The host, or anything else.
    Other,
}

impl<'h> OwnOrigin<'h> {
    pub(super) fn of(head: &'h RequestHead, transport: Transport) -> OwnOrigin<'h> {
        let host = head.fields().text("Host").ok().flatten();
        OwnOrigin { transport, authority: host.unwrap_or_default() }
    }

    /// `None` if the page is of this origin.
    pub(super) fn difference(&self, page: &str) -> Option<Difference> {
        let Some((transport, page, own)) = self.parse(page) else {
            return Some(Difference::Other);
        };
        if !page.host.eq_ignore_ascii_case(own.host) {
            return Some(Difference::Other);
        }
        match (self.transport, transport, page.port == own.port) {
            (own, page, true) if own == page => None,
            (own, page, false) if own == page => Some(Difference::Port),
            (Transport::Plain, Transport::Tls, true) => Some(Difference::Scheme),
            _ => Some(Difference::Other),
        }
    }

    /// The scheme and authority of a page, and the authority of this server, whose default port is
    /// that of the page's scheme.
    fn parse<'p>(&self, page: &'p str) -> Option<(Transport, Authority<'p>, Authority<'h>)> {
        let (scheme, authority) = page.split_once("://")?;
        let transport = transport(scheme)?;
        let (_, port) = scheme_and_port(transport);
        let (page, own) =
            (Authority::parse(authority, port)?, Authority::parse(self.authority, port)?);
        Some((transport, page, own))
    }
}

impl std::fmt::Display for OwnOrigin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scheme, _) = scheme_and_port(self.transport);
        write!(f, "{scheme}://{}", self.authority)
    }
}

/// How pages with this scheme are loaded.
fn transport(scheme: &str) -> Option<Transport> {
    let named = |transport: &Transport| scheme_and_port(*transport).0.eq_ignore_ascii_case(scheme);
    [Transport::Plain, Transport::Tls].into_iter().find(named)
}

/// The scheme of pages that are loaded this way, and its default port.
fn scheme_and_port(transport: Transport) -> (&'static str, u16) {
    match transport {
        Transport::Plain => ("http", 80),
        Transport::Tls => ("https", 443),
    }
}

struct Authority<'a> {
    host: &'a str,
    port: u16,
}

impl<'a> Authority<'a> {
    fn parse(text: &'a str, default_port: u16) -> Option<Authority<'a>> {
        // An IPv6 literal contains colons, within brackets.
        let end = text.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match text[end..].find(':') {
            Some(at) => (&text[..end + at], text[end + at + 1..].parse().ok()?),
            None => (text, default_port),
        };
        let plain = !host.is_empty() && !host.contains(['/', '@', '?', '#']);
        plain.then_some(Authority { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(page: &str, authority: &str, transport: Transport) -> Option<Difference> {
        OwnOrigin { transport, authority }.difference(page)
    }

    #[test]
    fn pages_of_the_same_scheme_host_and_port_do_not_differ() {
        let plain = |page, authority| difference(page, authority, Transport::Plain);
        assert_eq!(plain("http://example.com", "example.com"), None);
        assert_eq!(plain("HTTP://EXAMPLE.com:80", "example.com"), None);
        assert_eq!(plain("http://example.com:8080", "example.com:8080"), None);
        assert_eq!(plain("http://[::1]:8080", "[::1]:8080"), None);
        assert_eq!(difference("https://a.b", "a.b:443", Transport::Tls), None);
    }

    #[test]
    fn only_the_scheme_differs_where_a_proxy_terminates_tls() {
        let plain = |page, authority| difference(page, authority, Transport::Plain);
        for (page, authority) in [
            ("https://example.com", "example.com"),
            ("https://example.com", "example.com:443"),
            ("https://example.com:443", "example.com"),
            ("https://example.com:8443", "Example.com:8443"),
            ("https://[::1]", "[::1]"),
        ] {
            assert_eq!(plain(page, authority), Some(Difference::Scheme), "{page} {authority}");
        }
        let tls = difference("http://example.com", "example.com", Transport::Tls);
        assert_eq!(tls, Some(Difference::Other));
    }

    #[test]
    fn only_the_port_differs_where_a_proxy_changes_it() {
        for (page, authority, transport) in [
            ("http://example.com", "example.com:8080", Transport::Plain),
            ("http://example.com:8080", "example.com", Transport::Plain),
            ("https://[::1]:8443", "[::1]", Transport::Tls),
        ] {
            let found = difference(page, authority, transport);
            assert_eq!(found, Some(Difference::Port), "{page} {authority}");
        }
    }

    #[test]
    fn anything_else_differs_in_more() {
        let plain = |page, authority| difference(page, authority, Transport::Plain);
        for (page, authority) in [
            ("https://example.com", "example.com:8080"),
            ("https://example.com", "example.com:80"),
            ("https://example.net", "example.com"),
            ("http://example.com.evil", "example.com"),
            ("http://example.com@evil", "example.com"),
            ("ftp://example.com", "example.com"),
            ("http://example.com:x", "example.com"),
            ("http://example.com", ""),
            ("null", "null"),
            ("file://", ""),
            ("example.com", "example.com"),
            ("", ""),
        ] {
            assert_eq!(plain(page, authority), Some(Difference::Other), "{page} {authority}");
        }
    }
}
