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

pub use client::Client;
pub use counted::CountedWrites;
pub use encode::Encode;
pub use endless::Endless;
pub use listener::{Connector, PEER, memory_listener};
pub use wire::{frame, masked, masked_with};
