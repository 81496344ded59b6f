//! Decodes a stream with tungstenite.

use std::io::{self, Cursor, Read, Write};

use tungstenite::error::{Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use ws_core::Message;

use super::{End, FRAME_LIMIT, MESSAGE_LIMIT, Verdict};

/// A socket from which all bytes can be read at once, and which stores what is written.
struct Pipe {
    incoming: Cursor<Vec<u8>>,
    outgoing: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.incoming.read(buf)
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The reason with which tungstenite answers a Close whose code may not be sent, instead of
/// returning an error.
const VIOLATION: &str = "Protocol violation";

pub(crate) fn read(wire: &[u8]) -> Verdict {
    let config = WebSocketConfig::default()
        .read_buffer_size(512)
        .max_frame_size(Some(FRAME_LIMIT))
        .max_message_size(Some(MESSAGE_LIMIT));
    let pipe = Pipe { incoming: Cursor::new(wire.to_vec()), outgoing: Vec::new() };
    let mut socket = WebSocket::from_raw_socket(pipe, Role::Server, Some(config));
    let mut messages = Vec::new();
    let mut closed = None;
    let error = loop {
        match socket.read() {
            Ok(tungstenite::Message::Text(text)) => messages.push(Message::text(text.as_str())),
            Ok(tungstenite::Message::Binary(bytes)) => messages.push(Message::binary(bytes)),
            Ok(tungstenite::Message::Close(reason)) => {
                closed = Some(reason.map(|reason| (reason.code.into(), reason.reason.to_string())));
            }
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let end = match (closed, error) {
        (Some(Some((1002, text))), _) if text == VIOLATION => End::Failed(1002),
        (Some(reason), Error::ConnectionClosed) => End::Closed(reason),
        (None, Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => End::Waiting,
        (None, Error::Protocol(_)) => End::Failed(1002),
        (None, Error::Utf8(_)) => End::Failed(1007),
        (None, Error::Capacity(_)) => End::Failed(1009),
        other => panic!("{other:?}"),
    };
    let pongs = super::ours::frames(&socket.get_ref().outgoing)
        .into_iter()
        .filter(|(first, _)| *first == 0x8a)
        .map(|(_, payload)| payload)
        .collect();
    Verdict { messages, pongs, end }
}
