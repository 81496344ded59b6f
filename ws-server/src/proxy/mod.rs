//! What proxies in front of the server tell of the clients behind them, and whom to believe.

mod forwarded;
mod header;
mod trusted;

pub(crate) use forwarded::Forwarded;
pub(crate) use header::{ProxyHeader, ProxyHeaderError, parse};
pub use trusted::{ParseTrustedProxyError, TrustedProxies, TrustedProxy};
