//! What proxies in front of the server say about their clients, and which proxies are trusted.

mod forwarded;
mod header;
mod trusted;

pub(crate) use forwarded::Forwarded;
pub(crate) use header::{ProxyHeader, ProxyHeaderError, parse};
pub use trusted::{ParseTrustedProxyError, TrustedProxies, TrustedProxy};
