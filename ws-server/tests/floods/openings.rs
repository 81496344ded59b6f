//! Floods of opening handshakes that are never completed.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::process::{REQUEST, Server};
use crate::{OPENING, start, usage, withstand};

#[test]
fn heads_that_come_byte_by_byte_are_given_up_and_cost_little() {
    const PEERS: usize = 500;
    let server = start(&["--opening-timeout", "1"]);
    withstand("500 heads, byte by byte", &server, PEERS as u64 * OPENING, |server| {
        let mut peers: Vec<_> = (0..PEERS).map(|_| server.connect(b"G")).collect();
        for byte in REQUEST[1..REQUEST.len() - 1].iter() {
            // The server disconnects them at the opening deadline.
            peers.retain_mut(|peer| peer.write_all(&[*byte]).is_ok());
        }
        for mut peer in peers {
            // A 408 or the end of the connection, but no 101.
            let mut answer = Vec::new();
            if peer.read_to_end(&mut answer).is_ok() {
                assert!(!answer.starts_with(b"HTTP/1.1 101"));
            }
        }
    });
}

#[test]
fn ten_thousand_openings_that_say_nothing_cost_little() {
    const PEERS: u64 = 10_000;
    let limit = rlimit::increase_nofile_limit(PEERS + 1000).unwrap();
    let peers = PEERS.min(limit.saturating_sub(200));
    if peers < PEERS {
        println!("{peers} openings instead of {PEERS}: the limit of descriptors is too low");
    }
    let server = start(&["--opening-timeout", "60"]);
    let name = "10,000 openings that say nothing";
    withstand(name, &server, peers * OPENING, |server: &Server| {
        let before = usage::descriptors(server);
        let silent: Vec<_> =
            (0..peers).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
        while usage::descriptors(server) < before + silent.len() {
            std::thread::yield_now();
        }
        drop(silent);
        usage::wait_for_descriptors(server, before);
    });
}
