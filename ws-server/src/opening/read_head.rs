//! Reading the request head.

use std::io;

use ws_core::head::{HeadError, HeadReader, RequestHead};

use super::read_until::{Gone, read_until};
use crate::runtime::alarm::Ring;
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

/// Reads until the head is complete. Bytes received after the head stay in `received`.
pub(super) async fn read_head(
    socket: &mut Socket,
    received: &mut Vec<u8>,
) -> Result<RequestHead, ReadHeadError> {
    let mut reader = HeadReader::new();
    let found = read_until(socket, received, |received| {
        let (taken, head) = reader.push(received)?;
        received.drain(..taken);
        Ok(head)
    });
    found.await
}
