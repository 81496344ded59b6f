//! Converting a request of the `http` crate to the request head that drafts read.

use std::net::SocketAddr;

use http::request::Parts;
use http::{Extensions, Method, Version};
use ws_core::head::{Fields, HttpVersion, RequestHead};
use ws_core::{Rejection, StatusCode, Transport};

use super::original_uri::original;
#[cfg(all(feature = "axum", feature = "tls"))]
use super::tls_listener::TlsConnectInfo;
use crate::config::Config;
use crate::peer::Source;
use crate::socket::RemoteAddr;

/// How a request asks for a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bootstrap {
    /// `GET` and `Upgrade`, over HTTP/1.1.
    Upgrade,
    /// Extended CONNECT, over HTTP/2 (RFC 8441).
    ExtendedConnect,
}

impl Bootstrap {
    /// Its name in the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Bootstrap::Upgrade => "HTTP/1.1 upgrade",
            Bootstrap::ExtendedConnect => "HTTP/2 extended CONNECT",
        }
    }
}

/// A `Sec-WebSocket-Key` for a request over HTTP/2, which has none: the accept value is not sent.
const NO_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

/// The head of a request, and how it asks for a WebSocket.
pub(super) fn read(parts: &Parts) -> Result<(RequestHead, Bootstrap), Rejection> {
    let mut fields = Fields::new();
    for (name, value) in &parts.headers {
        fields.push(name.as_str(), value.as_bytes());
    }
    if parts.version >= Version::HTTP_2 {
        join_cookies(&mut fields);
    }
    if parts.version == Version::HTTP_2 && parts.method == Method::CONNECT {
        return Ok((extended_connect(parts, fields)?, Bootstrap::ExtendedConnect));
    }
    let version = match parts.version {
        Version::HTTP_09 | Version::HTTP_10 => HttpVersion::Http10,
        _ => HttpVersion::Http11,
    };
    let target = original(parts).to_string();
    let head = RequestHead::new(parts.method.as_str(), target, version, fields);
    Ok((head, Bootstrap::Upgrade))
}

/// Joins the Cookie fields, into which HTTP/2 may split one (RFC 9113 §8.2.3).
fn join_cookies(fields: &mut Fields) {
    let pieces: Vec<_> = fields.all("Cookie").map(<[u8]>::to_vec).collect();
    if pieces.len() > 1 {
        fields.set("Cookie", pieces.join(&b"; "[..]));
    }
}

/// Converts an extended CONNECT to the equivalent request of RFC 6455, by adding the fields that it
/// leaves out (RFC 8441 §5).
fn extended_connect(parts: &Parts, mut fields: Fields) -> Result<RequestHead, Rejection> {
    check_protocol(&parts.extensions)?;
    match fields.single("Sec-WebSocket-Version")? {
        Some(b"13") => {}
        _ => {
            let reason = "a WebSocket over HTTP/2 needs `sec-websocket-version: 13`";
            return Err(Rejection::bad_request(reason).with_versions("13"));
        }
    }
    let uri = original(parts);
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    fields.set("Host", authority);
    fields.set("Upgrade", "websocket");
    fields.set("Connection", "Upgrade");
    fields.set("Sec-WebSocket-Key", NO_KEY);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    Ok(RequestHead::new("GET", target, HttpVersion::Http11, fields))
}

#[cfg(feature = "http2")]
fn check_protocol(extensions: &Extensions) -> Result<(), Rejection> {
    let protocol = extensions.get::<hyper::ext::Protocol>().map(hyper::ext::Protocol::as_str);
    match protocol {
        Some("websocket") => Ok(()),
        Some(other) => {
            let reason = format!("the `:protocol` {other:?} is not supported, only `websocket` is");
            Err(Rejection::new(StatusCode::NOT_IMPLEMENTED, reason))
        }
        None => {
            let reason = "CONNECT needs `:protocol = websocket`: this server is not a proxy";
            Err(Rejection::new(StatusCode::METHOD_NOT_ALLOWED, reason))
        }
    }
}

#[cfg(not(feature = "http2"))]
fn check_protocol(_extensions: &Extensions) -> Result<(), Rejection> {
    let reason = "this server was built without WebSocket over HTTP/2 (feature `http2`)";
    Err(Rejection::new(StatusCode::NOT_IMPLEMENTED, reason))
}

/// Where the request comes from, and the client's certificate, if the HTTP server has put them into
/// the request's extensions. The transport is that of a `TlsConnectInfo`, or the one in the
/// extensions, or the configured one; otherwise it follows from the scheme of a request over
/// HTTP/2, or is plain.
pub(super) fn source(parts: &Parts, config: &Config) -> Source {
    if let Some(source) = parts.extensions.get::<Source>() {
        return source.clone();
    }
    #[cfg(all(feature = "axum", feature = "tls"))]
    if let Some(axum::extract::ConnectInfo(info)) = parts.extensions.get() {
        let TlsConnectInfo { remote, client_certificate } = info;
        let client_certificate = client_certificate.clone();
        return Source { remote: *remote, transport: Transport::Tls, client_certificate };
    }
    let scheme = || match original(parts).scheme_str() {
        Some("https" | "wss") if parts.version >= Version::HTTP_2 => Transport::Tls,
        _ => Transport::Plain,
    };
    let said = parts.extensions.get().copied().or(config.transport);
    Source {
        #[cfg(feature = "tls")]
        client_certificate: parts.extensions.get().cloned(),
        ..Source::new(remote(&parts.extensions), said.unwrap_or_else(scheme))
    }
}

fn remote(extensions: &Extensions) -> RemoteAddr {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(addr)) = extensions.get() {
        return RemoteAddr::Tcp(*addr);
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(remote)) = extensions.get() {
        return *remote;
    }
    if let Some(addr) = extensions.get::<SocketAddr>() {
        return RemoteAddr::Tcp(*addr);
    }
    extensions.get().copied().unwrap_or(RemoteAddr::Unknown)
}
