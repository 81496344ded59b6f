//! Echoed messages.

use std::time::Instant;

use crate::args::Args;
use crate::connection::State;
use crate::load::{Load, Tally};
use crate::processes::{CpuTime, Machine, Processes, own_cpu_time};
use crate::report::Report;

/// The costs of an interval that all modes have.
#[derive(Debug)]
pub(crate) struct Interval<'a> {
    server: Processes<'a>,
    begin: Instant,
    cpu_time: CpuTime,
    own: u64,
    machine: Machine,
}

/// The costs of an interval.
#[derive(Debug)]
pub(crate) struct Costs {
    pub(crate) seconds: f64,
    pub(crate) server: f64,
    pub(crate) server_user: f64,
    pub(crate) own: f64,
    busy: [f64; 2],
    stolen: f64,
}

impl<'a> Interval<'a> {
    pub(crate) fn begin(pids: &'a [u32]) -> Interval<'a> {
        let server = Processes(pids);
        let cpu_time = server.cpu_time();
        let machine = Machine::now();
        Interval { server, cpu_time, machine, own: own_cpu_time(), begin: Instant::now() }
    }

    pub(crate) fn end(self) -> Costs {
        let seconds = self.begin.elapsed().as_secs_f64();
        let cpu_time = self.server.cpu_time();
        let own = own_cpu_time();
        let machine = Machine::now();
        Costs {
            seconds,
            server: cpu_time.total.saturating_sub(self.cpu_time.total) as f64,
            server_user: cpu_time.user.saturating_sub(self.cpu_time.user) as f64,
            own: own.saturating_sub(self.own) as f64,
            busy: [0, 1].map(|processor| machine.busy(&self.machine, processor)),
            stolen: machine.stolen(&self.machine),
        }
    }
}

impl Costs {
    pub(crate) fn report(&self, report: Report) -> Report {
        let percent = |nanoseconds: f64| nanoseconds / self.seconds / 1e7;
        let used_by_both = percent(self.server) + percent(self.own);
        report
            .number("secs", self.seconds)
            .number("server_cpu_pct", percent(self.server))
            .number("server_user_pct", percent(self.server_user))
            .number("load_cpu_pct", percent(self.own))
            .number("others_pct", self.busy.iter().sum::<f64>() - used_by_both)
            .number("steal_pct", self.stolen)
    }
}

pub(crate) fn run(args: &Args, load: &mut Load) -> Report {
    let mut connections = load.open_all(args);
    for connection in &mut connections {
        load.queue(connection, args.depth);
        load.write(connection);
    }
    load.pump(&mut connections, Instant::now() + args.warmup);
    load.recording = true;
    load.tally = Tally::default();
    let interval = Interval::begin(&args.pids);
    load.pump(&mut connections, Instant::now() + args.duration);
    let costs = interval.end();

    if load.tally.messages == 0 {
        load.errors.add("no message was echoed in time");
    }
    let server = Processes(&args.pids);
    let Tally { messages, bytes, reads, frames, compressed } = load.tally;
    let per_message = |value: f64| value / messages.max(1) as f64;
    let dead = connections.iter().filter(|connection| connection.state == State::Dead).count();
    let report = Report::new("echo", args.message.draft)
        .value("conns", args.connections)
        .value("size", args.message.size)
        .value("depth", args.depth)
        .value("msgs", messages)
        .number("msgs_per_s", messages as f64 / costs.seconds)
        .number("server_cpu_ns_per_msg", per_message(costs.server))
        .number("load_cpu_ns_per_msg", per_message(costs.own))
        .number("p50_us", load.histogram.quantile(0.5))
        .number("p99_us", load.histogram.quantile(0.99))
        .number("p999_us", load.histogram.quantile(0.999))
        .number("max_us", load.histogram.quantile(1.0))
        .number("msgs_per_load_read", messages as f64 / reads.max(1) as f64)
        .number("bytes_in_per_msg", per_message(bytes as f64))
        .number("frames_per_msg", per_message(frames as f64))
        .value("rsv1_frames", compressed)
        .value("server_peak_rss_kb", server.peak_kilobytes())
        .value("server_rss_kb", server.memory().resident / 1024)
        .text("extensions", load.extensions.as_deref())
        .value("verified", args.verify)
        .value("dead", dead);
    costs.report(report).errors(load.errors.count, load.errors.first.as_deref())
}
