//! The identifiers of clients and proxies in `Forwarded` and `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The identifier of a node: the client, or a proxy between it and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// An address; its port is 0 when none is named.
    Address(SocketAddr),
    /// A hidden node: `unknown`, or an obfuscated identifier.
    Hidden,
    /// Not an identifier.
    Malformed,
}

impl Node {
    /// Parses a node of `Forwarded` (RFC 7239 §6): IPv6 addresses are in brackets, and obfuscated
    /// identifiers begin with an underscore.
    pub(super) fn parse(text: &[u8]) -> Node {
        Node::parse_strict(text).unwrap_or(Node::Malformed)
    }

    fn parse_strict(text: &[u8]) -> Option<Node> {
        let text = std::str::from_utf8(text).ok()?;
        // An IPv6 address contains colons, within brackets.
        let end = text.find(']').map_or(0, |at| at + 1);
        let (name, port) = match text[end..].find(':') {
            Some(at) => (&text[..end + at], parse_port(&text[end + at + 1..])?),
            None => (text, 0),
        };
        if name.eq_ignore_ascii_case("unknown") || is_obfuscated(name) {
            return Some(Node::Hidden);
        }
        let address = match name.strip_prefix('[') {
            Some(rest) => IpAddr::V6(rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?),
            None => IpAddr::V4(name.parse::<Ipv4Addr>().ok()?),
        };
        Some(Node::Address(SocketAddr::new(address, port)))
    }

    /// Parses a node of `X-Forwarded-For`, which no standard defines: as in `Forwarded`, and IPv6
    /// addresses without brackets, since proxies write both.
    pub(super) fn parse_lenient(text: &[u8]) -> Node {
        let bare = std::str::from_utf8(text).ok().and_then(|text| text.parse::<IpAddr>().ok());
        match bare {
            Some(address) => Node::Address(SocketAddr::new(address, 0)),
            None => Node::parse(text),
        }
    }
}

/// A port; 0 for an obfuscated one.
fn parse_port(text: &str) -> Option<u16> {
    if is_obfuscated(text) {
        return Some(0);
    }
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Whether this is an obfuscated identifier (RFC 7239 §6.3).
fn is_obfuscated(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(legal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Node {
        Node::Address(text.parse().unwrap())
    }

    #[test]
    fn reads_the_nodes_of_rfc_7239() {
        assert_eq!(Node::parse(b"192.0.2.43"), address("192.0.2.43:0"));
        assert_eq!(Node::parse(b"192.0.2.43:47011"), address("192.0.2.43:47011"));
        assert_eq!(Node::parse(b"192.0.2.43:_port"), address("192.0.2.43:0"));
        assert_eq!(Node::parse(b"[2001:db8:cafe::17]"), address("[2001:db8:cafe::17]:0"));
        assert_eq!(Node::parse(b"[2001:db8:cafe::17]:4711"), address("[2001:db8:cafe::17]:4711"));
        for hidden in ["unknown", "Unknown:80", "_hidden", "_SEVKISEK", "_a.b-c:_d"] {
            assert_eq!(Node::parse(hidden.as_bytes()), Node::Hidden, "{hidden}");
        }
    }

    #[test]
    fn refuses_what_names_no_node() {
        for text in [
            "",
            ":80",
            "1.2.3",
            "01.2.3.4",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:000001",
            "1.2.3.4:+1",
            "::1",
            "[::1",
            "[1.2.3.4]",
            "[::1]80",
            "[::1]:",
            "::1]",
            "[[::1]]",
            "_",
            "_a b",
            "_\u{e9}",
            "a.example",
            "unknown:",
            "[fe80::1%1]",
            "]:1",
            "1.2.3.4:1:2",
        ] {
            assert_eq!(Node::parse(text.as_bytes()), Node::Malformed, "{text}");
        }
        assert_eq!(Node::parse(b"\xff"), Node::Malformed);
    }

    #[test]
    fn reads_x_forwarded_for_as_proxies_write_it() {
        assert_eq!(Node::parse_lenient(b"1.2.3.4"), address("1.2.3.4:0"));
        assert_eq!(Node::parse_lenient(b"1.2.3.4:5"), address("1.2.3.4:5"));
        assert_eq!(Node::parse_lenient(b"2001:db8::1"), address("[2001:db8::1]:0"));
        assert_eq!(Node::parse_lenient(b"[2001:db8::1]"), address("[2001:db8::1]:0"));
        assert_eq!(Node::parse_lenient(b"[2001:db8::1]:5"), address("[2001:db8::1]:5"));
        assert_eq!(Node::parse_lenient(b"unknown"), Node::Hidden);
        assert_eq!(Node::parse_lenient(b"localhost"), Node::Malformed);
    }
}
