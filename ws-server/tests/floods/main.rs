//! Floods and faults: the peak memory that each costs the command, while a bystander must be
//! served.
//!
//! `cargo test --release -p ws-server -F full --test floods -- --nocapture --test-threads 1`
//! prints a line for each.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod bystander;
mod faults;
mod frames;
mod openings;
#[path = "../command/process.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod process;
mod resets;
mod targets;
mod usage;

use std::io::Write;
use std::net::TcpStream;

use bystander::Bystander;
use process::{REQUEST, Server, expect_head};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// How much memory one peer may cost: a message of the greatest size, a send buffer and a read
/// buffer.
const PEER: u64 = MIB + 256 * KIB + 128 * KIB;

/// How much memory an opening handshake may cost whose head is incomplete: its task, and the
/// received bytes.
const OPENING: u64 = 4 * KIB;

/// How much memory any flood may cost besides: the pools of the worker, and what the allocator
/// keeps.
const POOLS: u64 = 6 * MIB;

/// Starts the command with one worker and these arguments.
fn start(args: &[&str]) -> Server {
    Server::start(&[&["0", "--workers", "1", "--log", "error"], args].concat())
}

/// Lets `flood` act on a server next to a bystander, and compares the peak memory of the server
/// with what it may use.
fn withstand(name: &str, server: &Server, allowed: u64, flood: impl FnOnce(&Server)) {
    let bystander = Bystander::connect(server.address());
    bystander.wait_for_echoes(1);
    let before = usage::memory(server);
    usage::reset_peak(server);
    let served = bystander.echoes();
    flood(server);
    // It must also be served after the flood.
    bystander.wait_for_echoes(served + 1);
    let cost = cost(name, server, before, allowed);
    let (echoes, worst) = bystander.leave();
    println!("{name:<52} {:>7} KiB {echoes:>6} echoes, worst {worst:?}", cost / KIB);
}

/// The peak memory of the server beyond `before`; it must not be more than is allowed.
fn cost(name: &str, server: &Server, before: u64, allowed: u64) -> u64 {
    let cost = usage::peak_memory(server).saturating_sub(before);
    assert!(cost < allowed + POOLS, "{name}: {cost} bytes, expected at most {allowed} and pools");
    cost
}

/// An open WebSocket.
fn open(server: &Server) -> TcpStream {
    let mut peer = server.connect(REQUEST);
    expect_head(&mut peer);
    peer.set_write_timeout(Some(process::PATIENCE)).unwrap();
    peer
}

/// A frame of a client, masked with the key 0.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(0x80 | len as u8),
        len => {
            frame.push(0xfe);
            frame.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Writes all bytes. Returns whether the connection has accepted them.
fn write(peer: &mut TcpStream, bytes: &[u8]) -> bool {
    peer.write_all(bytes).is_ok()
}
