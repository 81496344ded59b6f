//! Idle connections: the server's memory for each.

use std::time::{Duration, Instant};

use crate::args::Args;
use crate::connection::{Connection, State};
use crate::frames::Ring;
use crate::load::{Load, Tally};
use crate::processes::{Memory, Processes, socket_pages};
use crate::report::Report;

/// Time for the server to finish its work after a message.
const SETTLE: Duration = Duration::from_millis(700);
/// How many connections have a message in flight, so that the server's peak is not that of all.
const WAVE: usize = 100;
const LONGEST_WAVE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(1);
const PAGE_BYTES: f64 = 4096.0;

pub(crate) fn run(args: &Args, load: &mut Load) -> Report {
    let server = Processes(&args.pids);
    let count = args.connections as f64;
    let before = server.memory();
    let pages = socket_pages();
    let cpu_time = server.cpu_time().total;
    let begin = Instant::now();
    load.sending = false;
    let mut connections = load.open_all(args);
    let seconds = begin.elapsed().as_secs_f64();
    let opening = server.cpu_time().total - cpu_time;
    load.pump(&mut connections, Instant::now() + SETTLE);
    let growth = |report: Report, memory: Memory| {
        let each = |now: u64, then: u64| ((now as f64 - then as f64) / count).round();
        report
            .number("rss_per_conn", each(memory.resident, before.resident))
            .number("pss_per_conn", each(memory.proportional, before.proportional))
    };
    let report = growth(Report::new("idle", args.message.draft), server.memory());
    let held = (socket_pages() - pages) as f64 * PAGE_BYTES;
    let cpu_time = server.cpu_time().total;
    load.pump(&mut connections, Instant::now() + args.hold);
    let idle = server.cpu_time().total - cpu_time;

    let mut after = Vec::new();
    for size in &args.idle_sizes {
        let mut message = args.message.clone();
        message.size = *size;
        let echoed = echo_one(load, Ring::build(&message, 1), &mut connections);
        let part = Report::part().value("size", size).value("echoed", echoed);
        after.push(growth(part, server.memory()));
    }

    let open = connections.iter().filter(|connection| connection.state == State::Open).count();
    report
        .value("conns", args.connections)
        .value("open", open)
        .number("open_secs", seconds)
        .number("cpu_us_per_open", opening as f64 / 1e3 / count)
        .number("idle_cpu_pct", idle as f64 / args.hold.as_secs_f64() / 1e7)
        .value("rss_before_kb", before.resident / 1024)
        .number("kernel_sock_bytes_per_conn", held / count)
        .value("peak_rss_kb", server.peak_kilobytes())
        .text("extensions", load.extensions.as_deref())
        .list("after", &after)
        .errors(load.errors.count, load.errors.first.as_deref())
}

/// Sends one message of this ring on each connection. Returns the number of echoes.
fn echo_one(load: &mut Load, ring: Ring, connections: &mut [Connection]) -> u64 {
    load.ring = ring;
    load.tally = Tally::default();
    for start in (0..connections.len()).step_by(WAVE) {
        let wave = start..(start + WAVE).min(connections.len());
        for connection in &mut connections[wave.clone()] {
            connection.rewind();
            if connection.state == State::Open {
                load.queue(connection, 1);
                load.write(connection);
            }
        }
        let deadline = Instant::now() + LONGEST_WAVE;
        let waiting =
            |connection: &Connection| connection.outstanding > 0 && connection.state == State::Open;
        while connections[wave.clone()].iter().any(waiting) && Instant::now() < deadline {
            load.pump(connections, Instant::now() + STEP);
        }
    }
    load.pump(connections, Instant::now() + SETTLE);
    load.tally.messages
}
