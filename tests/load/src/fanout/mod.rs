//! One connection publishes, and every connection receives every message.

mod copies;
mod subscriber;

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use mio::Events;

use crate::args::Args;
use crate::connection::{Connection, State};
use crate::echo::Interval;
use crate::load::Load;
use crate::processes::{Processes, socket_pages};
use crate::report::Report;

use copies::Copies;
use subscriber::Subscriber;

/// After this long without any copy, missing copies count as lost.
const STALL: Duration = Duration::from_secs(2);
/// A server may subscribe a connection only after it has answered it.
const SETTLE: Duration = Duration::from_millis(500);
const PAGE_KILOBYTES: i64 = 4;

/// All connections, and the copies received on them.
#[derive(Debug)]
struct Room<'l> {
    load: &'l mut Load,
    connections: Vec<Connection>,
    subscribers: Vec<Subscriber>,
    copies: Copies,
    depth: usize,
}

pub(crate) fn run(args: &Args, load: &mut Load) -> Report {
    let server = Processes(&args.pids);
    let before = server.memory().resident;
    let mut connections = load.open_all(args);
    let readers = args.connections - args.slow;
    for connection in &mut connections[readers..] {
        // Its socket fills up, and its events are ignored.
        let _ = load.poll.registry().deregister(connection.stream.socket());
    }
    let messages = load.ring.payloads.len();
    let mut room = Room {
        connections,
        subscribers: (0..args.connections).map(|_| Subscriber::default()).collect(),
        copies: Copies::new(readers, args.depth, messages, args.verify),
        depth: args.depth,
        load,
    };
    std::thread::sleep(SETTLE);
    let open = server.memory().resident;
    let pages = socket_pages();
    let descriptors = server.descriptors();

    // Both ends of the interval are between two windows, with nothing in flight.
    room.windows(args.warmup);
    room.copies.reset();
    room.load.tally.bytes = 0;
    let published = room.copies.published;
    let interval = Interval::begin(&args.pids);
    room.windows(args.duration);
    let costs = interval.end();
    room.copies.lost_at_the_end(&room.subscribers);

    let Room { load, copies, .. } = room;
    if copies.deliveries == 0 {
        load.errors.add("no message was received in time");
    }
    let deliveries = copies.deliveries.max(1) as f64;
    let report = Report::new("fanout", args.message.draft)
        .value("conns", args.connections)
        .value("size", args.message.size)
        .value("depth", args.depth)
        .value("slow", args.slow)
        .value("published", copies.published - published)
        .value("deliveries", copies.deliveries)
        .number("deliveries_per_s", copies.deliveries as f64 / costs.seconds)
        .number("server_cpu_ns_per_delivery", costs.server / deliveries)
        .number("load_cpu_ns_per_delivery", costs.own / deliveries)
        .number("p50_us", copies.histogram.quantile(0.5))
        .number("p99_us", copies.histogram.quantile(0.99))
        .number("max_us", copies.histogram.quantile(1.0))
        .number("bytes_in_per_delivery", load.tally.bytes as f64 / deliveries)
        .value("rss_before_kb", before / 1024)
        .value("rss_open_kb", open / 1024)
        .value("server_rss_kb", server.memory().resident / 1024)
        .value("server_peak_rss_kb", server.peak_kilobytes())
        .value("kernel_sock_growth_kb", (socket_pages() - pages) * PAGE_KILOBYTES)
        .value("due_to_each_kb", copies.published as usize * args.message.size / 1024)
        .value("closed", descriptors.saturating_sub(server.descriptors()))
        .value("verified", args.verify)
        .value("lost", copies.lost)
        .value("duplicated", copies.duplicated)
        .value("reordered", copies.reordered)
        .value("corrupt", copies.corrupt);
    costs.report(report).errors(load.errors.count, load.errors.first.as_deref())
}

impl Room<'_> {
    /// Publishes one window after the other for this long, or until an error.
    fn windows(&mut self, duration: Duration) {
        let end = Instant::now() + duration;
        while Instant::now() < end && self.load.errors.count == 0 {
            self.window();
        }
    }

    /// Publishes a window, and waits for all of its copies.
    fn window(&mut self) {
        self.copies.publish();
        self.load.queue(&mut self.connections[0], self.depth);
        self.connections[0].batches.clear();
        self.load.write(&mut self.connections[0]);
        let mut buffer = std::mem::take(&mut self.load.buffer);
        let mut moved = (self.copies.deliveries, Instant::now());
        while !self.copies.complete() && self.load.errors.count == 0 {
            let wait = Some(Duration::from_millis(100));
            if self.load.poll.poll(&mut self.load.events, wait).is_err() {
                continue;
            }
            let events = std::mem::replace(&mut self.load.events, Events::with_capacity(0));
            for event in &events {
                self.event(event, &mut buffer);
            }
            self.load.events = events;
            if self.copies.deliveries != moved.0 {
                moved = (self.copies.deliveries, Instant::now());
            } else if moved.1.elapsed() > STALL {
                self.copies.give_up(&mut self.subscribers);
                break;
            }
        }
        self.load.buffer = buffer;
    }

    fn event(&mut self, event: &mio::event::Event, buffer: &mut [u8]) {
        let number = event.token().0;
        if event.is_readable()
            && self.connections[number].state == State::Open
            && let Err(why) = self.read(number, buffer)
        {
            self.load.error(&mut self.connections[number], why);
        }
        if number == 0 && event.is_writable() {
            self.connections[0].writable = true;
            self.load.write(&mut self.connections[0]);
        }
    }

    /// Reads all available data of a connection.
    fn read(&mut self, number: usize, buffer: &mut [u8]) -> Result<(), String> {
        let connection = &mut self.connections[number];
        let subscriber = &mut self.subscribers[number];
        loop {
            let long = !self.copies.verify && connection.body_left >= crate::receive::LONG;
            let most = self.load.scratch.len().min(connection.body_left as usize);
            let discarded =
                long.then(|| connection.stream.discard(&mut self.load.scratch[..most])).flatten();
            let dropped = discarded.is_some();
            let count = match discarded.unwrap_or_else(|| connection.stream.read(buffer)) {
                Ok(0) => return Err("the server closed the connection".to_owned()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("read: {error}")),
            };
            self.load.tally.bytes += count as u64;
            let payloads = &self.load.ring.payloads;
            if dropped {
                subscriber.body(connection, count, None, payloads, &mut self.copies)?;
                continue;
            }
            subscriber.parse(connection, &buffer[..count], payloads, &mut self.copies)?;
            if count < buffer.len() {
                return Ok(());
            }
        }
    }
}
