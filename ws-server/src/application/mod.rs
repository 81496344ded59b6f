//! The application: it decides how each request for a WebSocket is answered, and with that what
//! runs on the connection.
//!
//! ```text
//! OpeningRequest ─▶ Application::decide ─▶ Accept ─▶ agreement, 101 ─▶ Start::start ─▶ the service
//!                                     └─▶ Rejection ─▶ a response of another status
//! ```

mod accept;
mod callbacks;
mod decide;
mod fields;
mod request;
mod services;

pub use accept::Accept;
pub(crate) use decide::{Application, decide};
pub use request::OpeningRequest;
pub(crate) use services::{Deciding, MessageApplication, StreamApplication};
