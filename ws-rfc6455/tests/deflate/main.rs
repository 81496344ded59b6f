//! permessage-deflate (RFC 7692) and `x-webkit-deflate-frame`, on RFC 6455.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here fails a test")]

mod bombs;
mod distances;
mod memory;
mod negotiation;
mod roundtrip;
mod vectors;
mod webkit;

use std::sync::Arc;
use std::time::Instant;

use ws_core::conformance::receive_all;
use ws_core::connection::{Received, Untaken};
use ws_core::deflate::Deflate;
use ws_core::extension::{Accepted, Extension, Traffic, Transform, negotiate};
use ws_core::frame::{FrameHeader, MaskingKey};
use ws_core::{
    AsMessage, Batch, Codec, Connection, Draft, Limits, Message, Outgoing, ProtocolError, Role,
    Timeouts,
};
use ws_rfc6455::RFC6455;

/// A policy that compresses every message that becomes shorter.
fn eager() -> Deflate {
    Deflate::new().min_size(0)
}

/// The response of a server with this policy to a client's `Sec-WebSocket-Extensions`.
fn accept(deflate: &Deflate, offers: &str) -> Option<Accepted> {
    let extensions: [Arc<dyn Extension>; 1] = [Arc::new(deflate.clone())];
    let offers = ws_core::hybi::extensions(offers.as_bytes()).unwrap();
    negotiate(&extensions, &offers)
}

/// The size of the receive buffer: the most bytes of one read.
const MEMORY: usize = 16 * 1024;

/// One end of a connection.
struct End {
    connection: Connection,
    traffic: Arc<Traffic>,
}

impl End {
    fn new(role: Role, transform: Box<dyn Transform>) -> End {
        End::limited(role, transform, Limits::default())
    }

    fn limited(role: Role, transform: Box<dyn Transform>, limits: Limits) -> End {
        let traffic = Arc::new(Traffic::default());
        let codec = RFC6455.extended_codec(role, &limits, transform, traffic.clone());
        let timeouts = Timeouts::default();
        let connection = Connection::new(codec, &[], limits, timeouts, Instant::now());
        End { connection, traffic }
    }

    /// A server that has accepted these offers.
    fn server(deflate: &Deflate, offers: &str) -> End {
        End::new(Role::Server, accept(deflate, offers).unwrap().transform)
    }

    /// Both ends of a connection, after the handshake with these policies.
    fn pair(client: &Deflate, server: &Deflate) -> (End, End) {
        let accepted = accept(server, &client.offer()).unwrap();
        let response = ws_core::hybi::extensions(accepted.response.as_bytes()).unwrap();
        let confirmed = client.confirm(&response[0]).unwrap();
        (End::new(Role::Client, confirmed), End::new(Role::Server, accepted.transform))
    }

    /// Receives these bytes in one read.
    fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Message>, ProtocolError> {
        let mut messages = Vec::new();
        receive_all(&mut self.connection, bytes, MEMORY, &mut messages)?;
        if self.connection.reclaim().is_err() {
            receive_all(&mut self.connection, &[], MEMORY, &mut messages)?;
        }
        Ok(messages)
    }

    /// Receives these bytes in reads of these sizes, which repeat.
    fn hear_cut(&mut self, bytes: &[u8], sizes: &[usize]) -> Result<Vec<Message>, ProtocolError> {
        let (mut messages, mut rest) = (Vec::new(), bytes);
        for size in sizes.iter().cycle() {
            let (piece, behind) = rest.split_at(rest.len().min(*size));
            messages.extend(self.hear(piece)?);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        Ok(messages)
    }

    /// Sends a message, and returns its bytes on the wire.
    fn say(&mut self, message: impl AsMessage) -> Vec<u8> {
        self.connection.send(message).unwrap();
        self.said()
    }

    fn said(&mut self) -> Vec<u8> {
        let said = self.connection.unsent().to_vec();
        self.connection.discard_unsent();
        said
    }
}

/// A client's frame with this first byte.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
    let header = FrameHeader {
        fin: first & 0x80 != 0,
        reserved: first & 0x70,
        opcode: first & 0x0f,
        key: Some(key),
        len: payload.len() as u64,
    };
    let mut frame = header.to_bytes().to_vec();
    let size = frame.len();
    frame.extend_from_slice(payload);
    key.apply(&mut frame[size..]);
    frame
}

/// Receives frames with new ends, and checks that the outcome is the same wherever they are cut.
fn bring_everywhere(end: impl Fn() -> End, wire: &[u8]) -> Result<Vec<Message>, ProtocolError> {
    let whole = end().hear(wire);
    assert_eq!(end().hear_cut(wire, &[1]), whole, "byte by byte");
    for cut in 1..wire.len() {
        assert_eq!(end().hear_cut(wire, &[cut, wire.len()]), whole, "cut at {cut}");
    }
    whole
}
