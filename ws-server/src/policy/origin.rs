//! Which pages may connect (RFC 6455 §10.2).

use ws_core::head::RequestHead;
use ws_core::{Rejection, Status, Transport};

/// Which origins may connect.
///
/// Browsers send cookies with every opening handshake, and apply no same-origin policy to
/// WebSockets: a server that accepts any origin lets any page act on behalf of its visitors
/// (cross-site WebSocket hijacking). Clients that send no origin are not browsers and are always
/// accepted: the origin is no authentication, since other clients can send any (RFC 6455 §10.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// The pages of this server's own origin: same scheme, host and port as the request.
    #[default]
    Same,
    /// Only these, such as `https://example.com`. Case, a default port and a slash at the end are
    /// ignored.
    These(Vec<String>),
    /// Any page.
    Any,
}

impl Origins {
    /// Checks the origin of a request.
    ///
    /// # Errors
    /// A [`Rejection`] with status 403 when the origin may not connect.
    pub(crate) fn check(
        &self,
        origin: Option<&str>,
        head: &RequestHead,
        transport: Transport,
    ) -> Result<(), Rejection> {
        let Some(origin) = origin else { return Ok(()) };
        let allowed = match self {
            Origins::Any => true,
            Origins::These(allowed) => {
                let origin = canonical(origin);
                allowed.iter().any(|one| canonical(one) == origin)
            }
            Origins::Same => is_same(origin, head, transport),
        };
        if allowed {
            return Ok(());
        }
        let expected = match self {
            Origins::Same => "only pages of this server's own origin may connect",
            _ => "it is not in this server's list of allowed origins",
        };
        let origin = origin.escape_debug();
        Err(Rejection::new(
            Status::Forbidden,
            format!("the origin {origin} is not allowed: {expected}"),
        ))
    }
}

/// An origin as browsers serialise it: lower case, no default port, no slash at the end.
fn canonical(origin: &str) -> String {
    let origin = origin.to_ascii_lowercase();
    let origin = origin.strip_suffix('/').unwrap_or(&origin);
    let port = match origin.split_once("://") {
        Some(("http", _)) => ":80",
        Some(("https", _)) => ":443",
        _ => return origin.to_owned(),
    };
    origin.strip_suffix(port).unwrap_or(origin).to_owned()
}

fn is_same(origin: &str, head: &RequestHead, transport: Transport) -> bool {
    let (scheme, port) = match transport {
        Transport::Plain => ("http", 80),
        Transport::Tls => ("https", 443),
    };
    let Some((found, authority)) = origin.split_once("://") else {
        return false;
    };
    let Ok(Some(host)) = head.fields().text("Host") else {
        return false;
    };
    let (Some(page), Some(here)) =
        (Authority::parse(authority, port), Authority::parse(host, port))
    else {
        return false;
    };
    found.eq_ignore_ascii_case(scheme)
        && page.host.eq_ignore_ascii_case(here.host)
        && page.port == here.port
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
    use ws_core::head::{Fields, HttpVersion};

    use super::*;

    fn allows(origins: &Origins, origin: &str, host: &str, transport: Transport) -> bool {
        let mut fields = Fields::new();
        fields.push("Host", host);
        let head = RequestHead::new("GET", "/", HttpVersion::Http11, fields);
        origins.check(Some(origin), &head, transport).is_ok()
    }

    #[test]
    fn lets_in_the_pages_of_its_own_scheme_host_and_port() {
        let same = |origin, host| allows(&Origins::Same, origin, host, Transport::Plain);
        assert!(same("http://example.com", "example.com"));
        assert!(same("http://EXAMPLE.com:80", "example.com"));
        assert!(same("http://example.com:8080", "example.com:8080"));
        assert!(same("http://[::1]:8080", "[::1]:8080"));
        assert!(allows(&Origins::Same, "https://a.b", "a.b:443", Transport::Tls));
    }

    #[test]
    fn refuses_every_other_page() {
        let same = |origin, host| allows(&Origins::Same, origin, host, Transport::Plain);
        assert!(!same("https://example.com", "example.com"));
        assert!(!same("http://example.com", "example.com:8080"));
        assert!(!same("http://example.com.evil", "example.com"));
        assert!(!same("http://example.com@evil", "example.com"));
        assert!(!same("null", "null"));
        assert!(!same("file://", ""));
        assert!(!same("example.com", "example.com"));
    }

    #[test]
    fn lets_in_what_is_listed_and_nothing_else() {
        let list = Origins::These(vec!["https://example.com".into(), "null".into()]);
        assert!(allows(&list, "https://Example.com", "x", Transport::Plain));
        assert!(allows(&list, "null", "x", Transport::Plain));
        assert!(!allows(&list, "http://example.com", "x", Transport::Plain));
        let list = Origins::These(vec!["https://example.com:443/".into(), "file://".into()]);
        assert!(allows(&list, "https://example.com", "x", Transport::Plain));
        assert!(!allows(&list, "https://example.com:4433", "x", Transport::Plain));
    }
}
