//! The resources of a process, from `/proc`.

use std::fs;
use std::thread;
use std::time::Instant;

use crate::KIB;
use crate::process::{PATIENCE, Server};

fn status(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * KIB
}

/// The current resident memory, in bytes.
pub(crate) fn memory(server: &Server) -> u64 {
    status(server, "VmRSS:")
}

/// The peak resident memory since the last [`reset_peak`], in bytes.
pub(crate) fn peak_memory(server: &Server) -> u64 {
    status(server, "VmHWM:")
}

pub(crate) fn reset_peak(server: &Server) {
    fs::write(format!("/proc/{}/clear_refs", server.child.id()), "5").unwrap();
}

/// How many file descriptors are open.
pub(crate) fn descriptors(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}

/// Waits until at most `count` file descriptors are open.
pub(crate) fn wait_for_descriptors(server: &Server, count: usize) {
    let begin = Instant::now();
    while descriptors(server) > count {
        let open = descriptors(server);
        assert!(begin.elapsed() < PATIENCE, "{open} descriptors are open, and were {count}");
        thread::yield_now();
    }
}

/// The CPU time that was used, in ticks of 10 ms.
pub(crate) fn ticks(server: &Server) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.child.id())).unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
