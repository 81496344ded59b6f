//! Fuzz targets. Each is a function of bytes that panics on an error; the programs in
//! `fuzz_targets` pass them to libFuzzer.
//!
//! | Target | Input |
//! |---|---|
//! | [`head`] | a request head |
//! | [`handshake`] | a request, to each draft |
//! | [`codec`] | frames, to the codec of one draft |
//! | [`deflate`] | compressed frames to a server, and messages from one end to the other |
//! | [`connection`] | frames, a clock, a socket and an application, to a connection |
//! | [`conversation`] | a whole connection to a server, in slices, with the same outcome |
//! | [`byte_stream`] | the same to a service of byte streams |
//! | [`base64`] | base64 in messages, compared with another decoder |
//! | [`proxy_header`] | the PROXY protocol and the bytes after it |
//! | [`forwarded`] | the fields of trusted proxies, and of other clients |

mod drafts;
mod server;
mod slices;

pub mod base64;
pub mod byte_stream;
pub mod codec;
pub mod connection;
pub mod conversation;
pub mod deflate;
pub mod forwarded;
pub mod handshake;
pub mod head;
pub mod proxy_header;

/// A target.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: [(&str, Target); 10] = [
    ("base64", base64::run),
    ("byte_stream", byte_stream::run),
    ("codec", codec::run),
    ("connection", connection::run),
    ("conversation", conversation::run),
    ("deflate", deflate::run),
    ("forwarded", forwarded::run),
    ("handshake", handshake::run),
    ("head", head::run),
    ("proxy_header", proxy_header::run),
];
