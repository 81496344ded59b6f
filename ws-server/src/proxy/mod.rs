//! What proxies in front of the server tell of the clients behind them, and whom to believe.

mod forwarded;
mod header;
mod trusted;

#[allow(unused_imports, reason = "the opening handshake does not read them yet")]
pub(crate) use forwarded::Forwarded;
#[allow(unused_imports, reason = "the opening handshake does not read them yet")]
pub(crate) use header::{MAX_HEADER_BYTES, ProxyHeader, ProxyHeaderError, parse};
pub use trusted::{ParseTrustedProxyError, TrustedProxies, TrustedProxy};
