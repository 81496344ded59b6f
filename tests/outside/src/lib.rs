//! What the tests of this crate share: programs that run, clients that connect to them, and crates
//! that are generated outside of the workspace.

#![allow(clippy::panic, reason = "an expectation that is not met fails its test")]

mod client;
mod generated;
mod program;

use std::time::Duration;

pub use client::{Client, FinalClose, final_close, next};
pub use generated::Generated;
pub use program::Program;

/// How long something that has to come may take.
pub const PATIENCE: Duration = Duration::from_secs(60);
