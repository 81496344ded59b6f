#![doc = include_str!("docs/crate.md")]

#[cfg(feature = "hixie76")]
use ws_hixie76 as _;
#[cfg(feature = "hybi07")]
use ws_hybi07 as _;
#[cfg(feature = "hybi08")]
use ws_hybi08 as _;
#[cfg(feature = "rfc6455")]
use ws_rfc6455 as _;

mod builder;
mod byte_stream;
mod config;
mod endpoint;
mod error;
#[cfg(feature = "tower")]
mod mount;
mod opening;
mod peer;
mod policy;
mod proxy;
mod runtime;
mod server;
mod service;
mod session;
mod socket;
mod sync;
#[cfg(feature = "tls")]
mod tls;
mod websocket;

pub use builder::Builder;
pub use byte_stream::ByteStream;
pub use config::{BuildError, DRAIN, MAX_CONNECTIONS};
pub use error::{RecvError, SendError};
#[cfg(all(feature = "axum", feature = "tls"))]
pub use mount::TlsListener;
#[cfg(feature = "tower")]
pub use mount::UpgradeService;
#[cfg(feature = "axum")]
pub use mount::{WebSocketUpgrade, WebSocketUpgradeRejection};
pub use peer::Peer;
pub use policy::Origins;
pub use proxy::{ParseTrustedProxyError, TrustedProxies, TrustedProxy};
pub use server::{Server, Serving};
pub use service::{MessageService, Service};
#[cfg(feature = "tower")]
pub use session::Connections;
pub use socket::{Listener, OtherSocket, RemoteAddr, Socket};
#[cfg(feature = "tls")]
pub use tls::{ClientCertificate, Tls, TlsError, TlsStream, rustls};
pub use websocket::{Receiver, Replies, Sender, WebSocket};
pub use ws_core::{
    ByteString, Bytes, CloseReason, DraftId, Drafts, Keepalive, Limits, Message, MessageRef,
    Outgoing, Status, StatusCode, Timeouts, Transport,
};

/// Extensions of the protocol (RFC 6455 §9), and compression (feature `deflate`).
pub mod extension {
    #[cfg(feature = "deflate")]
    pub use ws_core::deflate::{Context, Deflate};
    pub use ws_core::extension::*;
}

/// The programs of the README, compiled.
#[cfg(all(doctest, feature = "axum", feature = "deflate", feature = "tls"))]
#[doc = include_str!("../../README.md")]
mod readme {}
