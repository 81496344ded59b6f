//! A socket for tests: a slice of bytes.

use crate::connection::{Connection, ReceiveBuffer, Received, Untaken};
use crate::message::{Batch, Message};
use crate::protocol_error::ProtocolError;

/// Reads as many bytes from `socket` as fit into the receive buffer of the connection, and returns
/// how many.
///
/// # Errors
/// As with [`Connection::receive_buffer`].
pub fn receive_from(
    connection: &mut Connection,
    socket: &mut &[u8],
) -> Result<usize, ProtocolError> {
    match connection.receive_buffer()? {
        ReceiveBuffer::Spare(spare) => {
            let count = spare.len().min(socket.len());
            let (read, rest) = socket.split_at(count);
            spare[..count].copy_from_slice(read);
            *socket = rest;
            connection.filled(count);
            Ok(count)
        }
        ReceiveBuffer::Append { message, limit } => {
            let room = (message.capacity() - message.len()).min(socket.len());
            let count = usize::try_from(limit).map_or(room, |limit| room.min(limit));
            let (read, rest) = socket.split_at(count);
            message.extend_from_slice(read);
            *socket = rest;
            connection.appended(count);
            Ok(count)
        }
    }
}

/// Reads all of `socket`, and appends the received messages to `messages`. A buffer of `memory`
/// bytes is lent whenever the connection has none; the last one stays lent.
///
/// # Errors
/// [`ProtocolError`] when the peer broke the protocol; the connection has failed then.
pub fn receive_all(
    connection: &mut Connection,
    mut socket: &[u8],
    memory: usize,
    messages: &mut Vec<Message>,
) -> Result<(), ProtocolError> {
    loop {
        if !connection.has_storage() {
            connection.lend(Batch::new(vec![0xee; memory].into()));
        }
        match connection.receive_messages(Untaken::Nothing)? {
            Received::Data(mut batch) => {
                while let Some(message) = batch.take() {
                    messages.push(message.inspect_err(|error| connection.fail(*error))?);
                }
            }
            Received::Working => {}
            Received::Starved if !socket.is_empty() => {
                // An error is held, and returned by the next call of `receive_messages`.
                if let Ok(count) = receive_from(connection, &mut socket) {
                    assert!(count > 0, "there is always room to read into");
                }
            }
            Received::Starved | Received::Held | Received::Closed => return Ok(()),
        }
    }
}
