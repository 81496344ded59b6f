//! The bytes on their way in and out of a connection.

mod read;
mod send;

pub use read::ReadBuffer;
pub(crate) use send::SendBuffer;
