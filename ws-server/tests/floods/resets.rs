//! Connections that are reset, after every possible number of bytes.

use std::time::Duration;

use crate::process::{REQUEST, Server};
use crate::{KIB, start, usage, withstand};

const HYBI: [&[u8]; 2] = [
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 7\r\n\r\n",
];

const HIXIE76: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n\
    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n^n:ds[4U\0text\xff\xff\0";

/// A message, one in fragments, and a closing handshake.
const FRAMES: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\
    \x01\x82\0\0\0\0ab\x80\x82\0\0\0\0cd\x88\x82\0\0\0\0\x03\xe8";

/// Sends these bytes, and ends the connection with a reset.
fn reset(server: &Server, bytes: &[u8]) {
    let peer = server.connect(bytes);
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn resets_at_every_byte_of_a_conversation_leave_nothing_behind() {
    let server = start(&[]);
    let hybi = [REQUEST, HYBI[0], HYBI[1]].map(|request| [request, FRAMES].concat());
    let conversations = [&hybi[0], &hybi[1], &hybi[2], HIXIE76];
    withstand("resets at every byte, 4 drafts", &server, 64 * KIB, |server| {
        let before = usage::descriptors(server);
        for conversation in conversations {
            for sent in 0..=conversation.len() {
                reset(server, &conversation[..sent]);
            }
        }
        usage::wait_for_descriptors(server, before);
    });
}
