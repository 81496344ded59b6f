#![doc = include_str!("docs/crate.md")]
// On docs.rs, which has a nightly compiler, each item shows the feature it requires. Cargo declares
// `docsrs` for the lint `unexpected_cfgs` by itself.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod buffer;
mod close;
mod codec;
mod codec_box;
#[cfg(any(feature = "conformance", test))]
pub mod conformance;
pub mod connection;
#[cfg(feature = "deflate")]
pub mod deflate;
mod draft;
mod draft_id;
pub mod extension;
pub mod frame;
pub mod head;
pub mod hybi;
mod limits;
pub mod message;
mod protocol_error;
mod registry;
mod rejection;
mod role;
mod status_code;
pub mod utf8;

/// The architecture of the project, and how to add a draft.
pub mod guide {
    #[doc = include_str!("docs/architecture.md")]
    pub mod architecture {}

    #[doc = include_str!("docs/writing_a_draft.md")]
    pub mod writing_a_draft {}
}

pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use bytestring::ByteString;
#[doc(hidden)]
pub use inventory;

pub use close::{CloseCode, CloseReason, StatusRules};
pub use codec::{
    Capabilities, Codec, Decoded, EncodeError, Envelope, Fragment, InvalidText, Transformed,
};
pub use codec_box::CodecBox;
pub use connection::{Connection, SendError};
pub use draft::{Detection, Draft, Grant, HandshakeError, Io, Offer, Transport};
pub use draft_id::DraftId;
pub use frame::{Frame, OpCode};
pub use limits::{Keepalive, LONGEST_TIMEOUT, Limits, Timeouts};
pub use message::{AsMessage, Batch, Message, MessageKind, MessageRef, Outgoing};
pub use protocol_error::ProtocolError;
pub use registry::{Drafts, DuplicateDraft, Registration, asks_for_websocket};
pub use rejection::Rejection;
pub use role::Role;
pub use status_code::StatusCode;
