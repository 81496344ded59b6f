//! TCP targets that stall, disconnect or do not listen.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::process::{REQUEST, Server, expect_head, rest};
use crate::{KIB, cost, frame, open, start, usage, withstand, write};

/// How much memory a pair of client and target may cost: what waits to be sent to either side, and
/// buffers of the worker.
const PAIR: u64 = 512 * KIB;

/// What the target does with a connection that is not the bystander's.
type Act = fn(TcpStream);

/// Starts a target that echoes to the bystander and calls `act` for other connections, and a server
/// for it.
fn gateway(act: Act) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = start(&[&listener.local_addr().unwrap().to_string()]);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).unwrap_or(0);
                if count == 0 || buffer[0] != b'H' {
                    return act(stream);
                }
                let mut echo = stream.write_all(&buffer[..count]);
                while echo.is_ok() {
                    let Ok(count @ 1..) = stream.read(&mut buffer) else { return };
                    echo = stream.write_all(&buffer[..count]);
                }
            });
        }
    });
    server
}

/// Writes until the server has accepted nothing for a second.
fn write_until_stuck(peer: &mut TcpStream, message: &[u8]) {
    peer.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let error = loop {
        if let Err(error) = peer.write_all(message) {
            break error.kind();
        }
    };
    assert!(matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
}

/// Floods the server from several peers at once, each until it is stuck.
fn flood(server: &Server, message: &[u8]) {
    let flooding = (0..10).map(|_| {
        let (mut peer, message) = (open(server), message.to_vec());
        thread::spawn(move || {
            write_until_stuck(&mut peer, &message);
            peer
        })
    });
    let stuck: Vec<_> = flooding.collect::<Vec<_>>();
    drop(stuck.into_iter().map(|peer| peer.join().unwrap()).collect::<Vec<_>>());
}

#[test]
fn a_target_that_stalls_stalls_its_client_and_no_other() {
    let server = gateway(|stream| {
        // It keeps the connection open and reads nothing.
        thread::park();
        drop(stream);
    });
    withstand("10 clients of a target that stalls", &server, 10 * PAIR, |server| {
        flood(server, &frame(0x82, &[7; 65_535]));
    });
}

#[test]
fn tiny_messages_to_a_target_that_stalls_wait_in_the_clients_socket() {
    let server = gateway(|stream| {
        thread::park();
        drop(stream);
    });
    withstand("10 clients, tiny messages, a target that stalls", &server, 10 * PAIR, |server| {
        flood(server, &frame(0x82, b"x").repeat(1000));
    });
}

#[test]
fn a_target_that_vanishes_ends_its_client_and_no_other() {
    let server = gateway(|stream| {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    });
    withstand("100 clients of a target that vanishes", &server, 10 * PAIR, |server| {
        for _ in 0..100 {
            let mut peer = open(server);
            assert!(write(&mut peer, &frame(0x82, b"anything")));
            expect_close(&mut peer, 1011);
        }
    });
}

#[test]
fn a_target_that_is_not_there_costs_its_clients_alone() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = start(&[&nobody]);
    let before = usage::memory(&server);
    for _ in 0..100 {
        let mut peer = server.connect(REQUEST);
        assert!(expect_head(&mut peer).starts_with("HTTP/1.1 502 "));
    }
    cost("100 clients of a target that is not there", &server, before, PAIR);
}

/// Expects a Close with this status code, answers it, and expects the end of the connection.
fn expect_close(peer: &mut TcpStream, code: u16) {
    let mut close = [0; 4];
    peer.read_exact(&mut close).unwrap();
    assert_eq!((close[0], u16::from_be_bytes([close[2], close[3]])), (0x88, code));
    let mut reason = vec![0; usize::from(close[1]) - 2];
    peer.read_exact(&mut reason).unwrap();
    assert!(write(peer, &frame(0x88, &[0x03, 0xf6])));
    assert_eq!(rest(peer), b"");
}
