//! Reading the request head.

use std::io;

use ws_core::buffer::ReadBuffer;
use ws_core::head::{HeadError, HeadReader, RequestHead};

use super::read_until::{Gone, read_until};
use crate::runtime::alarm::Ring;
use crate::runtime::pool;
use crate::socket::Socket;

/// Why no request head was read.
pub(super) enum ReadHeadError {
    /// The received bytes are not a request head.
    Head(HeadError),
    /// The connection ended or failed.
    Gone(io::Error),
    /// The deadline passed, or the server began to shut down.
    Cut(Ring),
}

impl From<HeadError> for ReadHeadError {
    fn from(error: HeadError) -> ReadHeadError {
        ReadHeadError::Head(error)
    }
}

impl From<Gone> for ReadHeadError {
    fn from(Gone(error): Gone) -> ReadHeadError {
        ReadHeadError::Gone(error)
    }
}

/// Reads until the head is complete. Bytes received after the head stay in `read`.
pub(super) async fn read_head(
    socket: &mut Socket,
    read: &mut ReadBuffer,
) -> Result<RequestHead, ReadHeadError> {
    let mut reader = HeadReader::new();
    let found = read_until(socket, read, |read| {
        let (taken, head) = reader.push(read.unread())?;
        read.consume(taken);
        Ok(head)
    });
    let outcome = found.await;
    pool::give_read(read.reclaim());
    outcome
}
