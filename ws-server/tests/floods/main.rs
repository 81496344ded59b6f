//! Floods and faults: what each costs the command at its worst, and that a bystander is served
//! all the while.
//!
//! `cargo test --release -p ws-server --features full --test floods -- --nocapture --test-threads 1`
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

/// What one peer may cost: a message of the greatest size, what waits to be sent to it, and a read
/// buffer.
const PEER: u64 = MIB + 256 * KIB + 128 * KIB;

/// What an opening may cost that waits for its head: its task, and what has come of it.
const OPENING: u64 = 4 * KIB;

/// What any flood may cost besides what its own sums up to: the pools of the worker, and what the
/// allocator keeps.
const POOLS: u64 = 6 * MIB;

/// The command with one worker, and these arguments besides.
fn start(args: &[&str]) -> Server {
    Server::start(&[&["0", "--workers", "1", "--log", "error"], args].concat())
}

/// Lets `flood` act on a server beside a bystander, and compares what the server used at its worst
/// with what it may use.
fn withstand(name: &str, server: &Server, allowed: u64, flood: impl FnOnce(&Server)) {
    let bystander = Bystander::connect(server.address());
    bystander.wait_for_echoes(1);
    let before = usage::memory(server);
    usage::reset_peak(server);
    let served = bystander.echoes();
    flood(server);
    // It is served while what the flood has left is there.
    bystander.wait_for_echoes(served + 1);
    let cost = cost(name, server, before, allowed);
    let (echoes, worst) = bystander.leave();
    println!("{name:<52} {:>7} KiB {echoes:>6} echoes, worst {worst:?}", cost / KIB);
}

/// What the server used at its worst beyond what it had before, which is no more than is allowed.
fn cost(name: &str, server: &Server, before: u64, allowed: u64) -> u64 {
    let cost = usage::peak_memory(server).saturating_sub(before);
    assert!(cost < allowed + POOLS, "{name} cost {cost} bytes, and may cost {allowed}");
    cost
}

/// An open WebSocket.
fn open(server: &Server) -> TcpStream {
    let mut peer = server.connect(REQUEST);
    expect_head(&mut peer);
    peer.set_write_timeout(Some(process::PATIENCE)).unwrap();
    peer
}

/// A frame of a client, masked with nothing.
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

/// Writes as long as the server takes it; whether it took all.
fn write(peer: &mut TcpStream, bytes: &[u8]) -> bool {
    peer.write_all(bytes).is_ok()
}
