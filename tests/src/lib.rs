//! What the tests of behaviour share: a server in memory, and scripted clients.

#![allow(clippy::panic, reason = "an expectation that is not met fails its test")]

mod client;
mod counted;
mod endless;
mod listener;
pub mod requests;

pub use client::{Client, frame, masked, masked_with};
pub use counted::CountedWrites;
pub use endless::Endless;
pub use listener::{Connector, PEER, memory_listener};
