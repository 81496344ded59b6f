//! HTTP/1.1 heads of the opening handshake: the client's request, the server's response.

mod fields;
mod parse;
mod write;

use std::borrow::Cow;

pub use fields::is_token;
pub use fields::{FieldError, Fields};
pub use parse::{HeadError, HeadReader, MAX_FIELDS, MAX_HEAD_BYTES};
pub use write::{ResponseHead, WriteHeadError};

/// The minor version of HTTP/1 that a request named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HttpVersion {
    /// HTTP/1.0, in which an upgrade must be ignored (RFC 9110 §7.8).
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// The head of a request: request line and fields, as they arrived.
///
/// Values are kept byte for byte; the keys of hixie-76 depend on it.
#[derive(Debug, Clone)]
pub struct RequestHead {
    method: String,
    target: String,
    version: HttpVersion,
    fields: Fields,
}

impl RequestHead {
    /// A head from its parts, for callers whose HTTP server has parsed the request already.
    pub fn new(
        method: impl Into<String>,
        target: impl Into<String>,
        version: HttpVersion,
        fields: Fields,
    ) -> RequestHead {
        RequestHead { method: method.into(), target: target.into(), version, fields }
    }

    /// The method, `GET` for every WebSocket request over HTTP/1.1.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The request target, as it is in the request line.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The HTTP version of the request line.
    pub fn version(&self) -> HttpVersion {
        self.version
    }

    /// The header fields, to be changed.
    pub fn fields_mut(&mut self) -> &mut Fields {
        &mut self.fields
    }

    /// The header fields, in the order in which they arrived.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The target as origin-form: path and query, without the scheme and authority that an
    /// absolute-form target carries (RFC 6455 §4.1 allows both).
    pub fn resource(&self) -> Cow<'_, str> {
        let resource = self.without_authority();
        if resource.is_empty() || resource.starts_with('?') {
            return Cow::Owned(format!("/{resource}"));
        }
        Cow::Borrowed(resource)
    }

    /// The path of the target, without its query.
    pub fn path(&self) -> &str {
        let resource = self.without_authority();
        let path = resource.split_once('?').map_or(resource, |(path, _)| path);
        if path.is_empty() { "/" } else { path }
    }

    /// The query of the target, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.without_authority().split_once('?').map(|(_, query)| query)
    }

    /// The path and query, as they are in the target; either may be missing.
    fn without_authority(&self) -> &str {
        if self.target.starts_with('/') {
            return &self.target;
        }
        match self.target.split_once("://") {
            Some((_, rest)) => rest.find(['/', '?']).map_or("", |at| &rest[at..]),
            None => &self.target,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(target: &str) -> String {
        let head = RequestHead::new("GET", target, HttpVersion::Http11, Fields::new());
        format!("{} {} {:?}", head.resource(), head.path(), head.query())
    }

    #[test]
    fn splits_path_and_query() {
        assert_eq!(resource("/chat?x=1"), "/chat?x=1 /chat Some(\"x=1\")");
        assert_eq!(resource("/"), "/ / None");
        assert_eq!(resource("/a?u=http://b/c"), "/a?u=http://b/c /a Some(\"u=http://b/c\")");
    }

    #[test]
    fn reads_an_absolute_target_as_its_path() {
        assert_eq!(resource("ws://example.com/chat?x"), "/chat?x /chat Some(\"x\")");
        assert_eq!(resource("http://example.com"), "/ / None");
        assert_eq!(resource("http://example.com?x"), "/?x / Some(\"x\")");
    }
}
