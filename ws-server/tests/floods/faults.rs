//! Faults: no file descriptors left, a stopped process, and a shutdown during floods.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::bystander::Bystander;
use crate::process::{HELLO, HELLO_BACK, PATIENCE, Server, command, expect, rest};
use crate::{KIB, OPENING, PEER, cost, frame, open, start, usage, withstand, write};

#[test]
fn a_server_without_descriptors_serves_whom_it_has_and_takes_others_later() {
    let wanted = command(&["0", "--workers", "1", "--log", "off"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 48; exec \"$0\" \"$@\""]).arg(wanted.get_program());
    limited.args(wanted.get_args()).stderr(std::process::Stdio::null());
    let server = Server::spawn(limited);
    withstand("100 connections with 48 descriptors", &server, 1024 * KIB, |server| {
        let bystander = Bystander::connect(server.address());
        let waiting: Vec<_> =
            (0..100).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
        while usage::descriptors(server) < 48 {
            thread::yield_now();
        }
        // It must not retry the accept in a busy loop.
        let (begin, ticks) = (Instant::now(), usage::ticks(server));
        bystander.wait_for_echoes(bystander.echoes() + 200);
        let used = Duration::from_millis(10 * (usage::ticks(server) - ticks));
        assert!(used < begin.elapsed() / 2 + Duration::from_millis(50), "{used:?} of CPU time");
        drop(waiting);
        bystander.leave();
        let mut late = open(server);
        late.write_all(HELLO).unwrap();
        expect(&mut late, HELLO_BACK);
    });
}

#[test]
fn a_process_that_stood_still_goes_on() {
    let server = start(&["--ping-interval", "1", "--closing-timeout", "1"]);
    let mut peer = open(&server);
    server.signal("-STOP");
    peer.write_all(HELLO).unwrap();
    // Longer than two ping intervals: the stopped server has read nothing, which must not count
    // against the peer.
    peer.set_read_timeout(Some(Duration::from_millis(2500))).unwrap();
    assert!(peer.read(&mut [0]).is_err());
    server.signal("-CONT");
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut first = [0; 2];
    peer.read_exact(&mut first).unwrap();
    if first == [0x89, 0] {
        peer.read_exact(&mut first).unwrap();
    }
    assert_eq!(first, [0x81, 5]);
}

#[test]
fn sigterm_in_the_middle_of_floods_closes_in_order() {
    let mut server = start(&["--drain", "5"]);
    let mut polite = open(&server);
    let before = usage::memory(&server);
    let floods: Vec<_> = (0..8)
        .map(|_| {
            let mut peer = open(&server);
            thread::spawn(move || while write(&mut peer, &frame(0x82, &[7; 10_000])) {})
        })
        .collect();
    let silent: Vec<_> = (0..200).map(|_| server.connect(b"GET")).collect();
    polite.write_all(HELLO).unwrap();
    expect(&mut polite, HELLO_BACK);
    server.signal("-TERM");
    let mut close = [0; 4];
    polite.read_exact(&mut close).unwrap();
    assert_eq!(close, *b"\x88\x02\x03\xe9");
    cost("SIGTERM amid 8 floods", &server, before, 8 * PEER + 200 * OPENING);
    polite.write_all(&frame(0x88, &[0x03, 0xe9])).unwrap();
    assert_eq!(rest(&mut polite), b"");
    for flood in floods {
        flood.join().unwrap();
    }
    drop(silent);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}
