//! The conformance suite for drafts, those outside this project included.
//!
//! A draft crate enables the feature `conformance` of `ws-core` for its tests, and has one
//! test that passes a request to the suite:
//!
//! ```no_run
//! # fn conforms(draft: &'static dyn ws_core::Draft) {
//! use ws_core::conformance::Conformance;
//!
//! Conformance::new(draft)
//!     .request(
//!         "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
//!          Connection: Upgrade\r\nOrigin: http://example.com\r\n\
//!          Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//!          Sec-WebSocket-Version: 13\r\n\r\n",
//!     )
//!     .run();
//! # }
//! ```
//!
//! For a draft whose handshake continues after the heads, use
//! [`after_the_head`](Conformance::after_the_head) and [`answer`](Conformance::answer).
//! Decode the test vectors of its specification with [`read_every_way`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed check must panic: it runs in tests"
)]

mod closing;
mod frames;
mod handshake;
mod hostile;
pub mod hybi;
mod io;
mod read;
mod socket;
#[cfg(test)]
mod tests;

pub use read::{Heard, Said, read, read_every_way};
pub use socket::{receive_all, receive_from};

use crate::draft::Draft;

/// The suite, for one draft.
#[derive(Debug, Clone)]
#[must_use = "nothing is checked before `run`"]
pub struct Conformance {
    draft: &'static dyn Draft,
    requests: Vec<Vec<u8>>,
    after_head: Vec<u8>,
    answer: Vec<u8>,
}

impl Conformance {
    /// The suite for `draft`.
    pub fn new(draft: &'static dyn Draft) -> Conformance {
        Conformance { draft, requests: Vec::new(), after_head: Vec::new(), answer: Vec::new() }
    }

    /// Adds a request head of this draft, its empty line included. At least one is required; it
    /// should have every field that the draft uses, with a subprotocol and an origin.
    pub fn request(mut self, head: impl AsRef<[u8]>) -> Conformance {
        self.requests.push(head.as_ref().to_vec());
        self
    }

    /// Sets what the client sends after its head and before its first frame; by default nothing.
    pub fn after_the_head(mut self, bytes: impl AsRef<[u8]>) -> Conformance {
        self.after_head = bytes.as_ref().to_vec();
        self
    }

    /// Sets what the server sends after its head and before its first frame; by default nothing.
    pub fn answer(mut self, bytes: impl AsRef<[u8]>) -> Conformance {
        self.answer = bytes.as_ref().to_vec();
        self
    }

    /// Runs the suite.
    ///
    /// # Panics
    /// When the draft does not conform, or without a request; the message says why.
    pub fn run(&self) {
        assert!(!self.requests.is_empty(), "the suite needs a request of the draft");
        for request in &self.requests {
            handshake::check(self.draft, request, &self.after_head, &self.answer);
        }
        frames::check(self.draft);
        closing::check(self.draft);
        hostile::check(self.draft);
    }
}
