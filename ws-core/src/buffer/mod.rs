//! The receive buffer and the send buffer of a connection.

mod read;
mod send;

pub(crate) use read::ReadBuffer;
pub(crate) use send::SendBuffer;
