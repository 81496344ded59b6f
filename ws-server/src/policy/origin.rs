//! Which pages may connect (RFC 6455 §10.2).

use ws_core::Transport;
use ws_core::head::RequestHead;

use super::origin_refusal::OriginRefusal;
use super::own_origin::OwnOrigin;

/// Which origins may connect.
///
/// Browsers send cookies with every opening handshake, and apply no same-origin policy to
/// WebSockets: a server that accepts any origin lets any page act on behalf of its visitors
/// (cross-site WebSocket hijacking). Clients that send no origin are not browsers and are always
/// accepted: the origin is no authentication, since other clients can send any (RFC 6455 §10.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The first of the list that no page can have.
    pub(crate) fn unmatchable(&self) -> Option<&str> {
        match self {
            Origins::These(allowed) => {
                allowed.iter().map(String::as_str).find(|one| !is_origin(one))
            }
            Origins::Same | Origins::Any => None,
        }
    }

    /// Checks the origin of a request.
    ///
    /// # Errors
    /// An [`OriginRefusal`] when the origin may not connect.
    pub(crate) fn check(
        &self,
        origin: Option<&str>,
        head: &RequestHead,
        transport: Transport,
    ) -> Result<(), OriginRefusal> {
        let Some(origin) = origin else { return Ok(()) };
        match self {
            Origins::Any => Ok(()),
            Origins::These(allowed) => {
                let page = canonical(origin);
                match allowed.iter().any(|one| canonical(one) == page) {
                    true => Ok(()),
                    false => Err(OriginRefusal::unlisted(origin)),
                }
            }
            Origins::Same => {
                let own = OwnOrigin::of(head, transport);
                match own.difference(origin) {
                    None => Ok(()),
                    Some(difference) => Err(OriginRefusal::different(origin, &own, difference)),
                }
            }
        }
    }
}

/// Whether this is what browsers send as an origin (RFC 6454 §6.1): `null`, or a scheme, a host and
/// perhaps a port. Files have no host.
fn is_origin(text: &str) -> bool {
    let origin = text.to_ascii_lowercase();
    let Some((scheme, host)) = origin.split_once("://") else {
        return origin == "null";
    };
    let host = host.strip_suffix('/').unwrap_or(host);
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|one| one.is_ascii_alphanumeric() || "+-.".contains(one));
    let is_host = host.chars().all(|one| one.is_ascii_alphanumeric() || "-._~%:[]".contains(one));
    is_scheme && is_host && !(host.is_empty() && ["http", "https"].contains(&scheme))
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
    fn lets_in_the_pages_of_its_own_origin() {
        let same = |origin, transport| allows(&Origins::Same, origin, "example.com", transport);
        assert!(same("http://example.com", Transport::Plain));
        assert!(same("https://example.com", Transport::Tls));
        assert!(!same("https://example.com", Transport::Plain));
        assert!(!same("http://example.com:8080", Transport::Plain));
        assert!(!same("null", Transport::Plain));
    }

    #[test]
    fn tells_what_no_page_can_have() {
        for origin in [
            "https://example.com",
            "HTTPS://Example.com:443/",
            "http://[::1]:8080",
            "http://127.0.0.1",
            "null",
            "file://",
            "chrome-extension://abcdef",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(Origins::These(vec![origin.into()]).unmatchable(), None, "{origin}");
        }
        for origin in [
            "*",
            "",
            "any",
            "example.com",
            "https://",
            "https://a.example/app",
            "https://a.example,https://b.example",
            "https://*.example.com",
            "https://a.example ",
            "https://user@a.example",
            "://a.example",
        ] {
            let list = Origins::These(vec!["null".into(), origin.into()]);
            assert_eq!(list.unmatchable(), Some(origin));
        }
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
