//! Floods of frames.

use std::io::Read;
use std::net::TcpStream;
use std::thread;

use crate::process::rest;
use crate::{KIB, PEER, frame, open, start, withstand, write};

/// Reads and drops everything, until the end.
fn discard(mut peer: TcpStream) {
    let mut buffer = [0; 65_536];
    while peer.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

#[test]
fn a_flood_of_pings_is_answered_and_costs_nothing() {
    let server = start(&[]);
    withstand("4 peers, 100,000 pings each", &server, 4 * PEER, |server| {
        let pings = frame(0x89, b"ping").repeat(1000);
        let peers: Vec<_> = (0..4).map(|_| open(server)).collect();
        let flooding = peers.into_iter().map(|mut peer| {
            let reader = peer.try_clone().unwrap();
            let pings = pings.clone();
            thread::spawn(move || {
                let reading = thread::spawn(move || discard(reader));
                for _ in 0..100 {
                    assert!(write(&mut peer, &pings));
                }
                assert!(write(&mut peer, &frame(0x88, &[])));
                reading.join().unwrap();
            })
        });
        for flood in flooding.collect::<Vec<_>>() {
            flood.join().unwrap();
        }
    });
}

#[test]
fn a_flood_of_empty_fragments_costs_nothing() {
    let server = start(&[]);
    withstand("4 peers, 500,000 empty fragments each", &server, 4 * PEER, |server| {
        let fragments = frame(0x00, b"").repeat(1000);
        for mut peer in [open(server), open(server), open(server), open(server)] {
            assert!(write(&mut peer, &frame(0x02, b"")));
            for _ in 0..500 {
                assert!(write(&mut peer, &fragments));
            }
            assert!(write(&mut peer, &frame(0x80, b"end")));
            let mut answer = [0; 5];
            peer.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"\x82\x03end");
        }
    });
}

#[test]
fn a_huge_message_in_fragments_of_one_byte_ends_at_the_limit() {
    let server = start(&[]);
    withstand("a message in fragments of one byte", &server, PEER, |server| {
        let mut peer = open(server);
        let mut reader = peer.try_clone().unwrap();
        assert!(write(&mut peer, &frame(0x02, b"x")));
        let fragments = frame(0x00, b"x").repeat(1024);
        // The server disconnects when the message is longer than 1 MiB.
        let mut sent = 0;
        while sent < 2048 && write(&mut peer, &fragments) {
            sent += 1;
        }
        let mut close = [0; 4];
        reader.read_exact(&mut close).unwrap();
        assert_eq!((close[0], u16::from_be_bytes([close[2], close[3]])), (0x88, 1009));
    });
}

#[test]
fn lengths_without_their_bytes_cost_nothing() {
    const PEERS: usize = 500;
    let server = start(&[]);
    withstand("500 messages of 1 MiB, announced", &server, PEERS as u64 * 4 * KIB, |server| {
        let peers: Vec<_> = (0..PEERS).map(|_| open(server)).collect();
        for mut peer in &peers {
            let header = [0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, b'x'];
            std::io::Write::write_all(&mut peer, &header).unwrap();
        }
        // After a round trip of a later connection, the server has read them all.
        let mut last = open(server);
        assert!(write(&mut last, &frame(0x88, &[])));
        rest(&mut last);
    });
}

#[test]
fn peers_that_never_read_are_bounded_and_given_up() {
    const PEERS: usize = 10;
    let server = start(&["--ping-interval", "0.5"]);
    withstand("10 peers that never read", &server, PEERS as u64 * PEER, |server| {
        let flooding = (0..PEERS).map(|_| {
            let mut peer = open(server);
            thread::spawn(move || {
                let message = frame(0x82, &[7; 65_535]);
                while write(&mut peer, &message) {}
            })
        });
        for flood in flooding.collect::<Vec<_>>() {
            flood.join().unwrap();
        }
    });
}
