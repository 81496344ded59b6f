//! The load: messages sent, messages echoed, and the event loop.

use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use rustls::ClientConfig;

use crate::args::{Args, Refill};
use crate::connection::{Batch, Connection, State};
use crate::frames::Ring;
use crate::histogram::Histogram;
use crate::stream::trusting;

/// The counters of an interval.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) reads: u64,
    pub(crate) frames: u64,
    /// Frames with RSV1: compressed messages.
    pub(crate) compressed: u64,
}

/// An error ends a connection; the first reason is kept.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    pub(crate) count: u64,
    pub(crate) first: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) ring: Ring,
    pub(crate) poll: Poll,
    pub(crate) events: Events,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    depth: usize,
    refill: Refill,
    pub(crate) verify: bool,
    /// Whether more messages are sent after an echo.
    pub(crate) sending: bool,
    /// Whether latencies count.
    pub(crate) recording: bool,
    pub(crate) tally: Tally,
    pub(crate) errors: Errors,
    pub(crate) histogram: Histogram,
    start: Instant,
    pub(crate) buffer: Vec<u8>,
    /// Never written to: see [`crate::stream::Stream::discard`].
    pub(crate) scratch: Vec<u8>,
    /// The extensions that the server accepted.
    pub(crate) extensions: Option<String>,
}

const READ_BYTES: usize = 256 * 1024;
const DISCARD_BYTES: usize = 4 << 20;
const LONGEST_WAIT: Duration = Duration::from_millis(100);

impl Errors {
    pub(crate) fn add(&mut self, why: impl Into<String>) {
        self.count += 1;
        self.first.get_or_insert_with(|| why.into());
    }
}

impl Load {
    pub(crate) fn new(args: &Args, ring: Ring, poll: Poll) -> Load {
        Load {
            ring,
            poll,
            events: Events::with_capacity(1024),
            tls: args.tls.as_deref().map(trusting),
            depth: args.depth,
            refill: args.refill,
            verify: args.verify,
            sending: true,
            recording: false,
            tally: Tally::default(),
            errors: Errors::default(),
            histogram: Histogram::new(),
            start: Instant::now(),
            buffer: vec![0; READ_BYTES],
            scratch: vec![0; DISCARD_BYTES],
            extensions: None,
        }
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    pub(crate) fn error(&mut self, connection: &mut Connection, why: impl Into<String>) {
        if connection.state != State::Dead {
            connection.state = State::Dead;
            self.errors.add(why);
        }
    }

    /// Queues `count` more messages.
    pub(crate) fn queue(&mut self, connection: &mut Connection, count: usize) {
        for _ in 0..count {
            connection.send_left += self.ring.lengths[connection.send_next];
            connection.send_next = self.ring.after(connection.send_next);
        }
        connection.outstanding += count;
        connection.batches.push_back(Batch { sent: self.now(), outstanding: count as u32 });
    }

    /// Sends as much as the socket accepts.
    pub(crate) fn write(&mut self, connection: &mut Connection) {
        while connection.send_left > 0 && connection.writable {
            let end = (connection.send_at + connection.send_left).min(self.ring.bytes.len());
            match connection.stream.write(&self.ring.bytes[connection.send_at..end]) {
                Ok(count) => {
                    connection.send_left -= count;
                    connection.send_at += count;
                    if connection.send_at >= self.ring.cycle {
                        connection.send_at -= self.ring.cycle;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return self.error(connection, format!("write: {error}")),
            }
        }
        if connection.writable {
            match connection.stream.flush() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.writable = false,
                Err(error) => self.error(connection, format!("write: {error}")),
                Ok(()) => {}
            }
        }
    }

    /// `count` messages were echoed at `now`: sends the next ones.
    pub(crate) fn complete(&mut self, connection: &mut Connection, count: usize, now: u64) {
        if count == 0 {
            return;
        }
        self.tally.messages += count as u64;
        if count > connection.outstanding {
            return self.error(connection, "more messages were echoed than sent");
        }
        connection.outstanding -= count;
        let mut left = count as u32;
        while left > 0 {
            let Some(batch) = connection.batches.front_mut() else { break };
            let of_batch = batch.outstanding.min(left);
            if self.recording {
                self.histogram.add(now.saturating_sub(batch.sent), u64::from(of_batch));
            }
            batch.outstanding -= of_batch;
            left -= of_batch;
            if batch.outstanding == 0 {
                connection.batches.pop_front();
            }
        }
        match self.refill {
            _ if !self.sending => {}
            Refill::Window => self.queue(connection, count),
            Refill::Batch if connection.outstanding == 0 => self.queue(connection, self.depth),
            Refill::Batch => {}
        }
    }

    /// Sends and receives until this instant.
    pub(crate) fn pump(&mut self, connections: &mut [Connection], until: Instant) {
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.poll.poll(&mut self.events, Some(left.min(LONGEST_WAIT))).is_err() {
                continue;
            }
            let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
            for event in &events {
                let connection = &mut connections[event.token().0];
                if connection.state == State::Dead {
                    continue;
                }
                connection.writable |= event.is_writable();
                if event.is_readable() {
                    self.read(connection);
                }
                self.write(connection);
            }
            self.events = events;
        }
    }
}
