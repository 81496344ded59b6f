//! A client that behaves well, and must be served during a flood.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::frame;
use crate::process::{PATIENCE, REQUEST, expect, expect_head};

/// The pause between two echoes.
const REST: Duration = Duration::from_millis(1);

/// A client that sends a message and waits for the echo, repeatedly.
pub(crate) struct Bystander {
    echoes: Arc<AtomicU64>,
    leave: Sender<()>,
    talking: JoinHandle<Duration>,
}

impl Bystander {
    pub(crate) fn connect(address: &str) -> Bystander {
        let mut stream = TcpStream::connect(address).unwrap();
        // An echo that takes longer fails the test.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(REQUEST).unwrap();
        expect_head(&mut stream);
        let echoes = Arc::new(AtomicU64::new(0));
        // Binary: a server with a TCP target answers with binary messages.
        let hello = frame(0x82, b"Hello");
        let (leave, left) = channel();
        let count = echoes.clone();
        let talking = thread::spawn(move || {
            let mut worst = Duration::ZERO;
            while let Err(RecvTimeoutError::Timeout) = left.recv_timeout(REST) {
                let begin = Instant::now();
                stream.write_all(&hello).unwrap();
                expect(&mut stream, b"\x82\x05Hello");
                worst = worst.max(begin.elapsed());
                count.fetch_add(1, Ordering::Release);
            }
            worst
        });
        Bystander { echoes, leave, talking }
    }

    pub(crate) fn echoes(&self) -> u64 {
        self.echoes.load(Ordering::Acquire)
    }

    pub(crate) fn wait_for_echoes(&self, count: u64) {
        while self.echoes() < count {
            assert!(!self.talking.is_finished(), "the bystander is not served any more");
            thread::yield_now();
        }
    }

    /// Disconnects. Returns how many echoes it has received, and the longest time for one.
    pub(crate) fn leave(self) -> (u64, Duration) {
        // If this fails its thread has panicked, and the join reports why.
        let _told = self.leave.send(());
        let worst = self.talking.join().unwrap();
        (self.echoes.load(Ordering::Acquire), worst)
    }
}
