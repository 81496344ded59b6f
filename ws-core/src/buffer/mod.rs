//! The receive buffer and the send buffer of a connection.

mod read;
mod send;

pub use read::ReadBuffer;
pub(crate) use send::SendBuffer;
