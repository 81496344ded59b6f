//! Hostile peers: each is disconnected by a limit, and costs no more memory than documented.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;

use crate::process::{PATIENCE, REQUEST, Server, expect_head};

/// How many peers of each kind connect at once.
const PEERS: usize = 40;

/// How much memory they may cost together: each a message, a send buffer and a read buffer, and the
/// process its pools.
const ALLOWED_BYTES: u64 = PEERS as u64 * (1024 + 256 + 128) * 1024 + (8 << 20);

const HIXIE76: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n\
    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n";

/// Short deadlines, so that the tests end soon; sizes have their defaults.
const DEADLINES: [&str; 7] =
    ["0", "--opening-timeout", "1", "--ping-interval", "0.5", "--closing-timeout", "1"];

/// Lets many peers act on a server, each until it is disconnected, and compares the peak memory of
/// the server with that before.
fn attack(connect: fn(&Server) -> TcpStream, act: fn(TcpStream)) {
    let server = Server::start(&DEADLINES);
    let before = peak_memory(&server);
    let peers: Vec<_> = (0..PEERS).map(|_| connect(&server)).collect();
    let acting = peers.into_iter().map(|peer| thread::spawn(move || act(peer)));
    for peer in acting.collect::<Vec<_>>() {
        peer.join().unwrap();
    }
    let cost = peak_memory(&server) - before;
    assert!(cost < ALLOWED_BYTES, "{PEERS} peers cost {cost} bytes");
    let mut bystander = server.connect(REQUEST);
    assert!(expect_head(&mut bystander).starts_with("HTTP/1.1 101 "));
}

/// The peak memory of the process, in bytes.
fn peak_memory(server: &Server) -> u64 {
    let status = format!("/proc/{}/status", server.child.id());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Reads until the server disconnects. It may be a reset, if the server has left bytes unread.
fn wait_for_end(mut peer: TcpStream) {
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buf = [0; 4096];
    loop {
        match peer.read(&mut buf) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                return;
            }
        }
    }
}

fn open_hixie76(server: &Server) -> TcpStream {
    let mut peer = server.connect(&[HIXIE76, b"^n:ds[4U"].concat());
    expect_head(&mut peer);
    peer.read_exact(&mut [0; 16]).unwrap();
    peer
}

fn open_rfc6455(server: &Server) -> TcpStream {
    let mut peer = server.connect(REQUEST);
    expect_head(&mut peer);
    peer
}

/// Writes until the server disconnects, and reads nothing.
fn flood(mut peer: TcpStream, bytes: &[u8]) {
    peer.set_write_timeout(Some(PATIENCE)).unwrap();
    let error = loop {
        if let Err(error) = peer.write_all(bytes) {
            break error.kind();
        }
    };
    assert!(matches!(error, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
}

#[test]
fn a_stalled_head_is_ended_by_the_opening_deadline() {
    attack(|server| server.connect(b"GET / HTTP/1.1\r\nHost:"), wait_for_end);
}

#[test]
fn a_stalled_last_key_is_ended_by_the_opening_deadline() {
    attack(|server| server.connect(&[HIXIE76, b"1234567"].concat()), wait_for_end);
}

#[test]
fn a_peer_that_is_silent_for_ever_is_ended_by_the_keepalive() {
    attack(open_rfc6455, wait_for_end);
}

#[test]
fn a_peer_that_never_reads_is_ended_by_the_keepalive() {
    attack(open_rfc6455, |peer| {
        flood(peer, &[&[0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0][..], &[7; 65_535]].concat());
    });
}

#[test]
fn an_oversized_length_is_ended_at_once() {
    attack(open_rfc6455, |mut peer| {
        let announced = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        peer.write_all(&announced).unwrap();
        wait_for_end(peer);
    });
}

#[test]
fn an_endless_hixie_frame_is_ended_by_the_limit_of_a_message() {
    attack(open_hixie76, |mut peer| {
        peer.write_all(b"\0").unwrap();
        flood(peer, &[b'a'; 65_536]);
    });
}
