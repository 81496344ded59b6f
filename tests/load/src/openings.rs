//! Connections are opened and closed again.

use std::time::{Duration, Instant};

use mio::Events;

use crate::args::Args;
use crate::connection::{Connection, State};
use crate::draft::Draft;
use crate::echo::Interval;
use crate::load::Load;
use crate::processes::Processes;
use crate::report::Report;

/// A connection that is being opened, and since when.
#[derive(Debug)]
struct Opening {
    connection: Connection,
    begun: u64,
}

pub(crate) fn run(args: &Args, load: &mut Load) -> Report {
    load.sending = false;
    let mut openings: Vec<Option<Opening>> = (0..args.connections).map(|_| None).collect();
    let mut started = 0;
    open_and_close(args, load, &mut openings, &mut started, args.warmup);
    load.recording = true;
    let interval = Interval::begin(&args.pids);
    let count = open_and_close(args, load, &mut openings, &mut started, args.duration);
    let costs = interval.end();
    if count == 0 {
        load.errors.add("no connection was opened in time");
    }
    let report = Report::new("openings", args.message.draft)
        .value("in_flight", args.connections)
        .value("openings", count)
        .number("per_s", count as f64 / costs.seconds)
        .number("server_cpu_ns_per_opening", costs.server / count.max(1) as f64)
        .number("p50_us", load.histogram.quantile(0.5))
        .number("p99_us", load.histogram.quantile(0.99))
        .value("server_peak_rss_kb", Processes(&args.pids).peak_kilobytes());
    costs.report(report).errors(load.errors.count, load.errors.first.as_deref())
}

/// Opens and closes for this long; returns how many were opened.
fn open_and_close(
    args: &Args,
    load: &mut Load,
    openings: &mut [Option<Opening>],
    started: &mut usize,
    duration: Duration,
) -> u64 {
    let end = Instant::now() + duration;
    let mut count = 0;
    while Instant::now() < end {
        for (token, opening) in openings.iter_mut().enumerate() {
            if opening.is_some() {
                continue;
            }
            *started += 1;
            let begun = load.now();
            match load.start(args, *started, token) {
                Ok(connection) => *opening = Some(Opening { connection, begun }),
                Err(error) => load.errors.add(format!("connect: {error}")),
            }
        }
        // An interrupted wait has no events.
        let _ = load.poll.poll(&mut load.events, Some(Duration::from_millis(50)));
        let events = std::mem::replace(&mut load.events, Events::with_capacity(0));
        for event in &events {
            let slot = &mut openings[event.token().0];
            let Some(Opening { connection, begun }) = slot else { continue };
            load.step(connection, event.is_readable(), event.is_writable());
            if connection.state == State::Dead {
                *slot = None;
            } else if is_done(load, connection) {
                count += 1;
                if load.recording {
                    load.histogram.add(load.now() - *begun, 1);
                }
                *slot = None;
            }
        }
        load.events = events;
    }
    count
}

/// Without a handshake, one small echo replaces it.
fn is_done(load: &mut Load, connection: &mut Connection) -> bool {
    if connection.state != State::Open || load.ring.draft != Draft::Tcp {
        return connection.state == State::Open;
    }
    if connection.send_next == 0 && connection.message == 0 {
        load.queue(connection, 1);
        load.write(connection);
        return false;
    }
    connection.outstanding == 0
}
