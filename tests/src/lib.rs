//! What the tests of behaviour share: a server in memory, and scripted clients.

#![allow(clippy::panic, reason = "an expectation that is not met fails its test")]

mod client;
mod counted;
mod encode;
mod endless;
pub mod frames;
mod listener;
pub mod requests;
mod wire;

/// The programs of the READMEs, compiled as doctests. They are tested here because the README of
/// the repository is outside of the package of every crate.
#[cfg(doctest)]
mod readmes {
    #[doc = include_str!("../../README.md")]
    mod repository {}
    #[doc = include_str!("../../ws-core/README.md")]
    mod ws_core {}
    #[doc = include_str!("../../ws-hixie76/README.md")]
    mod ws_hixie76 {}
    #[doc = include_str!("../../ws-hybi07/README.md")]
    mod ws_hybi07 {}
    #[doc = include_str!("../../ws-hybi08/README.md")]
    mod ws_hybi08 {}
    #[doc = include_str!("../../ws-rfc6455/README.md")]
    mod ws_rfc6455 {}
}

pub use client::Client;
pub use counted::CountedWrites;
pub use encode::Encode;
pub use endless::Endless;
pub use listener::{Connector, PEER, memory_listener};
pub use wire::{frame, masked, masked_with};
