//! permessage-deflate (RFC 7692) and `x-webkit-deflate-frame`, on RFC 6455.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod bombs;
mod distances;
mod memory;
mod negotiation;
mod roundtrip;
mod vectors;
mod webkit;

use std::sync::Arc;
use std::time::Instant;

use ws_core::buffer::{ReadBuffer, SendBuffer};
use ws_core::connection::Received;
use ws_core::deflate::Deflate;
use ws_core::extension::{Accepted, Extension, Traffic, Transform, negotiate};
use ws_core::frame::{FrameHeader, MaskingKey};
use ws_core::message::Assembler;
use ws_core::{
    Connection, Draft, InvalidText, Limits, Message, Outgoing, ProtocolError, Role, Timeouts,
};
use ws_rfc6455::RFC6455;

/// A policy that compresses whatever becomes shorter.
fn eager() -> Deflate {
    Deflate::new().min_size(0)
}

/// What a server with this policy makes of a client's `Sec-WebSocket-Extensions`.
fn accept(deflate: &Deflate, offers: &str) -> Option<Accepted> {
    let extensions: [Arc<dyn Extension>; 1] = [Arc::new(deflate.clone())];
    let offers = ws_core::hybi::extensions(offers.as_bytes()).unwrap();
    negotiate(&extensions, &offers)
}

/// One end of a connection.
struct End {
    connection: Connection,
    assembler: Assembler,
    input: ReadBuffer,
    output: SendBuffer,
    traffic: Arc<Traffic>,
}

impl End {
    fn new(role: Role, transform: Box<dyn Transform>) -> End {
        End::limited(role, transform, Limits::default())
    }

    fn limited(role: Role, transform: Box<dyn Transform>, limits: Limits) -> End {
        let traffic = Arc::new(Traffic::default());
        let codec = RFC6455.extended_codec(role, &limits, transform, traffic.clone());
        let mut input = ReadBuffer::new();
        input.lend(vec![0; 256 * 1024].into());
        End {
            connection: Connection::new(codec, limits, Timeouts::default(), Instant::now()),
            assembler: Assembler::new(limits.message, InvalidText::Fail),
            input,
            output: SendBuffer::new(),
            traffic,
        }
    }

    /// A server that has accepted these offers.
    fn server(deflate: &Deflate, offers: &str) -> End {
        End::new(Role::Server, accept(deflate, offers).unwrap().transform)
    }

    /// Both ends, after the handshake that the policies of both lead to.
    fn pair(client: &Deflate, server: &Deflate) -> (End, End) {
        let accepted = accept(server, &client.offer()).unwrap();
        let response = ws_core::hybi::extensions(accepted.response.as_bytes()).unwrap();
        let confirmed = client.confirm(&response[0]).unwrap();
        (End::new(Role::Client, confirmed), End::new(Role::Server, accepted.transform))
    }

    /// What these bytes, in one read, bring.
    fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Message>, ProtocolError> {
        self.input.compact();
        self.input.spare()[..bytes.len()].copy_from_slice(bytes);
        self.input.filled(bytes.len());
        let mut messages = Vec::new();
        while let Received::Data(data) =
            self.connection.receive(&mut self.input, &mut self.output)?
        {
            let transformed = match data.payload.is_empty() {
                true => self.connection.take_transformed(),
                false => None,
            };
            let whole = match transformed {
                Some(made) => self.assembler.push_transformed(&data, &made.payload, &self.input)?,
                None => self.assembler.push(&data, &self.input)?,
            };
            if whole {
                messages.push(self.assembler.take(&self.input)?);
            }
        }
        self.assembler.own(&self.input)?;
        Ok(messages)
    }

    /// What bytes bring that come in reads of these sizes, over and over.
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

    /// What a message is on the wire.
    fn say<'m>(&mut self, message: impl Into<Outgoing<'m>>) -> Vec<u8> {
        self.connection.send(message, &mut self.output).unwrap();
        self.said()
    }

    fn said(&mut self) -> Vec<u8> {
        let said = self.output.unsent().to_vec();
        self.output.discard();
        said
    }
}

/// A client's frame of these first bits.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
    let header = FrameHeader {
        fin: first & 0x80 != 0,
        reserved: first & 0x70,
        opcode: first & 0x0f,
        key: Some(key),
        len: payload.len() as u64,
    };
    let (bytes, size) = header.write();
    let mut frame = [&bytes[..size], payload].concat();
    key.apply(&mut frame[size..]);
    frame
}

/// What frames bring, the same wherever they are cut; each end is new.
fn bring_everywhere(end: impl Fn() -> End, wire: &[u8]) -> Result<Vec<Message>, ProtocolError> {
    let whole = end().hear(wire);
    assert_eq!(end().hear_cut(wire, &[1]), whole, "byte by byte");
    for cut in 1..wire.len() {
        assert_eq!(end().hear_cut(wire, &[cut, wire.len()]), whole, "cut at {cut}");
    }
    whole
}
