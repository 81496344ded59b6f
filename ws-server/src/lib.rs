#![doc = include_str!("docs/crate.md")]
// On docs.rs, which has a nightly compiler, each item shows the feature it requires. Cargo declares
// `docsrs` for the lint `unexpected_cfgs` by itself.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "hixie76")]
use ws_hixie76 as _;
#[cfg(feature = "hybi07")]
use ws_hybi07 as _;
#[cfg(feature = "hybi08")]
use ws_hybi08 as _;
#[cfg(feature = "rfc6455")]
use ws_rfc6455 as _;

mod application;
mod builder;
mod byte_stream;
mod config;
mod connection_id;
mod endpoint;
mod error;
pub mod guide;
mod handler;
mod handling;
#[cfg(feature = "tower")]
mod mount;
mod opening;
mod outcome;
mod peer;
mod policy;
mod prefix;
mod proxy;
mod runtime;
mod server;
mod service;
mod session;
mod socket;
mod stats;
#[cfg(feature = "tls")]
mod tls;
mod websocket;

// ===== A server and its configuration =====

pub use builder::Builder;
pub use config::{BuildError, DRAIN, MAX_CONNECTIONS};
pub use policy::Origins;
pub use proxy::{ParseTrustedProxyError, TrustedProxies, TrustedProxy};
pub use server::{Server, Serving};
pub use ws_core::{DraftId, Drafts, Keepalive, Limits, Timeouts, Transport};

// ===== Services, and what they work with =====

pub use application::{Accept, OpeningRequest};
pub use byte_stream::ByteStream;
pub use connection_id::ConnectionId;
pub use error::{RecvError, SendError};
pub use handler::{HandlerFn, message_fn, stream_fn};
pub use outcome::Outcome;
pub use peer::Peer;
pub use service::{MessageService, Service, ServiceResult};
pub use stats::{ConnectionPhase, ConnectionStats};
pub use websocket::{Feeding, Receiver, Replies, Sender, Sending, WebSocket};
pub use ws_core::{
    AsMessage, ByteString, Bytes, CloseCode, CloseReason, Message, MessageRef, Outgoing, Rejection,
    StatusCode,
};

// ===== Mounting on a path of a site =====

#[cfg(feature = "tower")]
pub use mount::{OriginalUri, UpgradeService};
#[cfg(all(feature = "axum", feature = "tls"))]
pub use mount::{TlsConnectInfo, TlsListener};
#[cfg(feature = "axum")]
pub use mount::{WebSocketUpgrade, WebSocketUpgradeRejection};
#[cfg(feature = "tower")]
pub use session::Connections;

// ===== Sockets and TLS =====

pub use socket::{Listener, OtherSocket, RemoteAddr, Socket};
#[cfg(feature = "tls")]
pub use tls::{ClientCertificate, Tls, TlsError, TlsStream, rustls};

// ===== What the types above name of the protocol =====

pub use ws_core::connection::Expired;
pub use ws_core::{
    Capabilities, CodecBox, Draft, EncodeError, InvalidText, Io, MessageKind, OpCode,
    ProtocolError, Role, StatusRules,
};

/// Heads of requests (RFC 9112): what a [`Peer`] gives.
pub mod head {
    pub use ws_core::head::{FieldError, Fields, HttpVersion, RequestHead};
}

/// Extensions of the protocol (RFC 6455 §9), and compression (feature `deflate`).
pub mod extension {
    #[cfg(feature = "deflate")]
    pub use ws_core::deflate::{Context, Deflate};
    pub use ws_core::extension::*;
}
