#![doc = include_str!("docs/crate.md")]

#[cfg(feature = "hixie76")]
use ws_hixie76 as _;
#[cfg(feature = "hybi07")]
use ws_hybi07 as _;
#[cfg(feature = "hybi08")]
use ws_hybi08 as _;
#[cfg(feature = "rfc6455")]
use ws_rfc6455 as _;

mod alongside;
mod builder;
mod byte_stream;
mod config;
mod endpoint;
mod error;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod gateway;
mod lease;
mod opening;
mod policy;
mod pool;
#[allow(dead_code, reason = "the opening handshake does not read it yet")]
mod proxy;
mod server;
mod service;
mod shared;
mod socket;
mod stop;
mod websocket;

pub use builder::{BuildError, Builder, DRAIN, MAX_CONNECTIONS};
pub use byte_stream::ByteStream;
pub use error::{RecvError, SendError};
pub use policy::Origins;
pub use proxy::{ParseTrustedProxyError, TrustedProxies, TrustedProxy};
pub use server::{Server, Serving};
pub use service::{MessageService, Peer, Service};
pub use socket::{Listener, OtherSocket, RemoteAddr, Socket};
pub use websocket::{Receiver, Replies, Sender, WebSocket};
pub use ws_core::{
    ByteString, Bytes, CloseReason, DraftId, Drafts, Keepalive, Limits, Message, MessageRef,
    StatusCode, Timeouts, Transport,
};

/// The programs of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
