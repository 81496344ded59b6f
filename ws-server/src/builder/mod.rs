//! The settings of a server.

mod build;

use std::sync::Arc;
use std::time::Duration;

use ws_core::extension::Extension;
use ws_core::{Drafts, Limits, Timeouts, Transport};

#[cfg(feature = "tls")]
use crate::config::{Plain, TlsPort};
use crate::policy::Origins;
use crate::proxy::TrustedProxies;
use crate::server::Server;
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// The configuration of a server; from [`Server::builder`]. Everything has a default.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `wrap`, `messages` or `open`"]
pub struct Builder {
    drafts: Option<Drafts>,
    origins: Origins,
    transport: Option<Transport>,
    trusted_proxies: TrustedProxies,
    proxy_protocol: TrustedProxies,
    #[cfg(feature = "tls")]
    tls: Option<TlsPort>,
    subprotocols: Vec<String>,
    any_subprotocol: bool,
    extensions: Vec<Arc<dyn Extension>>,
    path: Option<String>,
    page: Option<String>,
    limits: Limits,
    timeouts: Timeouts,
    max_connections: Option<usize>,
    drain: Option<Duration>,
}

impl Server {
    /// A builder with every default.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// The drafts (versions of the protocol) that are spoken. By default all that are linked in.
    pub fn drafts(mut self, drafts: Drafts) -> Builder {
        self.drafts = Some(drafts);
        self
    }

    /// The origins whose pages may connect (RFC 6455 §10.2). By default [`Origins::Same`]. Others
    /// are refused with 403, and a text that says which setting would let them in. Of each kind of
    /// difference, the first refusal is logged as a warning.
    pub fn origins(mut self, origins: Origins) -> Builder {
        self.origins = origins;
        self
    }

    /// How clients reach this server. By default [`Transport::Plain`]. Set [`Transport::Tls`] when
    /// a proxy in front terminates TLS: pages of the same origin are then https pages, and hixie-76
    /// clients are sent a `wss:` URL, which they compare with the one they have opened. What a
    /// trusted proxy or the connection itself says takes precedence.
    pub fn transport(mut self, transport: Transport) -> Builder {
        self.transport = Some(transport);
        self
    }

    /// The proxies that are trusted to send `Forwarded` (RFC 7239), or `X-Forwarded-For`, `-Proto`
    /// and `-Host`. By default none. These fields then determine the client's address, and the host
    /// and scheme with which origins are compared and which hixie-76 clients are sent. The proxy
    /// must set or remove each of the four fields: with one that it passes on unchanged, the client
    /// can claim anything. A request with both kinds is answered with 400.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Builder {
        self.trusted_proxies = proxies;
        self
    }

    /// The proxies that begin each connection with a header of the PROXY protocol, version 1 or 2.
    /// By default none. A connection from one of them is closed when the header is missing or
    /// malformed; from any other address, the header is refused as a malformed request. Only for
    /// the server's own port.
    pub fn proxy_protocol(mut self, proxies: TrustedProxies) -> Builder {
        self.proxy_protocol = proxies;
        self
    }

    /// Terminates TLS on the server's own port, and still serves plain connections: the first byte
    /// of each connection shows which it is. With [`Tls::client_ca`] plain connections are refused.
    /// The opening deadline includes the TLS handshake. Only for the server's own port: a site that
    /// a service is mounted on terminates TLS itself. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &Tls) -> Builder {
        self.tls = Some(TlsPort::new(tls, Plain::Served));
        self
    }

    /// As [`tls`](Builder::tls), but refuses plain connections with 400. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls_only(mut self, tls: &Tls) -> Builder {
        self.tls = Some(TlsPort::new(tls, Plain::Refused));
        self
    }

    /// The subprotocols that the application speaks (RFC 6455 §1.9). By default none. Of those
    /// that a client offers, the client's first choice is agreed on. For byte streams, `binary`
    /// and `base64` need not be named.
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Builder {
        self.subprotocols = names.into_iter().map(Into::into).collect();
        self
    }

    /// Agrees on the first subprotocol that a client offers, whatever it is: for services that speak
    /// a protocol of which they do not know the WebSocket name. By default only those that are
    /// [named](Builder::subprotocols).
    pub fn any_subprotocol(mut self) -> Builder {
        self.any_subprotocol = true;
        self
    }

    /// Adds an extension (RFC 6455 §9) that is agreed on with clients that offer it, such as
    /// `Deflate` (feature `deflate`). By default there are none. Of several, each of a client's
    /// offers goes to the first that accepts it, and at most one is used on a connection.
    pub fn extension(mut self, extension: impl Extension) -> Builder {
        self.extensions.push(Arc::new(extension));
        self
    }

    /// The only path that is served, with its leading slash; requests for others are answered
    /// with 404. By default any path is served. On a site it is the whole path that the client has
    /// requested, with any prefix that a router has stripped.
    pub fn path(mut self, path: impl Into<String>) -> Builder {
        self.path = Some(path.into());
        self
    }

    /// An HTML page with which ordinary `GET` requests are answered. By default they are answered
    /// with 426.
    pub fn page(mut self, html: impl Into<String>) -> Builder {
        self.page = Some(html.into());
        self
    }

    /// The sizes, in bytes, that a connection may reach.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// The times after which a connection is given up.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Builder {
        self.timeouts = timeouts;
        self
    }

    /// How many connections are served at once, counted from their accept; at least 1, by default
    /// 65,536. Further connections wait in the listen queue. An HTTP/2 connection counts, and so
    /// does each WebSocket in it; further WebSockets over HTTP/2 or on a site are answered with
    /// 503.
    pub fn max_connections(mut self, count: usize) -> Builder {
        self.max_connections = Some(count);
        self
    }

    /// How long connections may take to end when the server shuts down, before they are aborted. By
    /// default 10 s.
    pub fn drain(mut self, time: Duration) -> Builder {
        self.drain = Some(time);
        self
    }
}
