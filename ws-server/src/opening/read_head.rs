//! Reading the request head.

use std::io;

use ws_core::head::{HeadError, HeadReader, RequestHead};

use super::read_until::read_until;
use super::received::{Disconnected, Received};
use crate::runtime::alarm::AlarmEvent;
use crate::socket::Socket;

/// Why no request head was read.
pub(super) enum ReadHeadError {
    /// The received bytes are not a request head.
    Head(HeadError),
    /// The connection ended or failed.
    Disconnected(io::Error),
    /// The deadline passed, or the server began to shut down.
    Cut(AlarmEvent),
}

impl From<HeadError> for ReadHeadError {
    fn from(error: HeadError) -> ReadHeadError {
        ReadHeadError::Head(error)
    }
}

impl From<Disconnected> for ReadHeadError {
    fn from(Disconnected(error): Disconnected) -> ReadHeadError {
        ReadHeadError::Disconnected(error)
    }
}

/// Reads until the head is complete. Bytes received after the head stay in `received`.
pub(super) async fn read_head(
    socket: &mut Socket,
    received: &mut Received,
) -> Result<RequestHead, ReadHeadError> {
    let mut reader = HeadReader::new();
    let found = read_until(socket, received, |received| {
        let (taken, head) = reader.push(received.unread())?;
        received.consume(taken);
        Ok(head)
    });
    let head = found.await;
    received.release();
    head
}
