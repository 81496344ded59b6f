//! Keep-alive, the idle timeout and the closing deadline, without waiting: the tests set the time.

use std::time::Duration;

use super::*;

const PING: &[u8] = b"\x89\x00";

impl End {
    pub(super) fn at(&self, seconds: u64) -> Instant {
        self.began + Duration::from_secs(seconds)
    }

    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        let now = self.began;
        self.connection.poll_timeout(|| now)
    }

    /// What is sent at this time. The socket does not accept it yet.
    pub(super) fn timeout(&mut self, seconds: u64) -> Result<Vec<u8>, Expired> {
        let (now, before) = (self.at(seconds), self.connection.unsent().len());
        self.connection.handle_timeout(now)?;
        Ok(self.connection.unsent()[before..].to_vec())
    }
}

fn idle(seconds: u64) -> Timeouts {
    Timeouts { idle: Some(Duration::from_secs(seconds)), ..Timeouts::default() }
}

#[test]
fn pings_a_silent_peer_and_gives_it_up_after_a_minute() {
    let mut end = end();
    assert_eq!(end.poll_timeout(), Some(end.at(30)));
    assert_eq!(end.timeout(29), Ok(vec![]));
    assert_eq!(end.timeout(30), Ok(PING.to_vec()));
    assert_eq!(end.poll_timeout(), Some(end.at(60)));
    assert_eq!(end.timeout(60), Err(Expired::Dead));
    assert!(end.connection.is_over() && !end.connection.is_closed_cleanly());
    assert_eq!(end.poll_timeout(), None);
}

#[test]
fn takes_any_byte_for_a_sign_of_life() {
    let mut end = end();
    assert_eq!(end.timeout(30), Ok(PING.to_vec()));
    end.hear(b"a");
    assert_eq!(end.timeout(60), Ok(vec![]));
    assert_eq!(end.timeout(90), Ok(PING.to_vec()));
    end.hear(b"a");
    assert_eq!(end.timeout(120), Ok(vec![]));
    assert_eq!(end.timeout(150), Ok(PING.to_vec()));
    assert_eq!(end.timeout(180), Err(Expired::Dead));
}

#[test]
fn takes_a_read_of_nothing_for_no_sign_of_life() {
    for tell in [Connection::filled, Connection::appended] {
        let mut end = end();
        assert_eq!(end.timeout(30), Ok(PING.to_vec()));
        tell(&mut end.connection, 0);
        assert_eq!(end.timeout(60), Err(Expired::Dead));
    }
}

#[test]
fn a_look_that_comes_late_gives_the_peer_another_interval_once() {
    let mut end = end();
    assert_eq!(end.timeout(30), Ok(PING.to_vec()));
    // The process was suspended, and the pong is not read yet.
    assert_eq!(end.timeout(3600), Ok(PING.to_vec()));
    end.hear(b"a");
    assert_eq!(end.timeout(3630), Ok(vec![]));
    assert_eq!(end.timeout(3660), Ok(PING.to_vec()));
    assert_eq!(end.timeout(3700), Ok(PING.to_vec()));
    assert_eq!(end.timeout(3800), Err(Expired::Dead));
}

#[test]
fn sends_no_ping_after_bytes_that_the_peer_does_not_receive() {
    let mut end = end();
    end.text("x").unwrap();
    end.connection.blocked();
    assert_eq!(end.timeout(30), Ok(vec![]));
    assert_eq!(end.connection.unsent(), b"\x81\x01x");
    assert_eq!(end.timeout(60), Err(Expired::Dead));
}

#[test]
fn gives_up_a_peer_that_talks_but_takes_nothing_in_every_draft() {
    for mut end in [end(), End::new(tiny(true), Timeouts::default())] {
        end.text("x").unwrap();
        end.connection.blocked();
        for seconds in [30, 60] {
            end.hear(b"a");
            let now = end.at(seconds);
            let outcome = end.connection.handle_timeout(now);
            assert_eq!(outcome, if seconds == 30 { Ok(()) } else { Err(Expired::Dead) });
        }
    }
}

#[test]
fn keeps_a_peer_that_takes_what_it_is_sent_slowly() {
    let mut end = end();
    end.text("x").unwrap();
    end.connection.blocked();
    for interval in 1..10 {
        let began = end.began;
        end.connection.sent_elsewhere(1, true, || began);
        let now = end.at(30 * interval);
        assert_eq!(end.connection.handle_timeout(now), Ok(()));
    }
}

#[test]
fn neither_pings_nor_gives_up_without_an_interval() {
    let mut timeouts = Timeouts::default();
    timeouts.keepalive.interval = None;
    let mut end = End::hybi(timeouts);
    assert_eq!(end.poll_timeout(), None);
    assert_eq!(end.timeout(10_000), Ok(vec![]));
}

#[test]
fn leaves_peers_alone_that_have_no_ping() {
    let mut end = End::new(tiny(true), Timeouts::default());
    for interval in 1..10 {
        assert_eq!(end.timeout(30 * interval), Ok(vec![]));
    }
    let mut end = End::new(tiny(true), idle(20));
    assert_eq!(end.poll_timeout(), Some(end.at(20)));
    assert_eq!(end.timeout(20), Ok(vec![0xff]));
}

#[test]
fn closes_a_connection_without_data_frames() {
    let mut end = End::hybi(idle(20));
    assert_eq!(end.poll_timeout(), Some(end.at(20)));
    end.hear(&masked(0x82, b"data"));
    end.fragment();
    assert_eq!(end.timeout(20), Ok(vec![]));
    assert_eq!(end.poll_timeout(), Some(end.at(30)));
    end.hear(&masked(0x8a, b"no data"));
    assert_eq!(end.receive(), Ok(Received::Starved));
    assert_eq!(end.timeout(30), Ok(vec![]));
    assert_eq!(end.timeout(40), Ok(b"\x88\x06\x03\xe9idle".to_vec()));
    assert!(!end.connection.is_open());
}

#[test]
fn gives_up_a_peer_that_does_not_answer_our_close() {
    let mut end = end();
    end.connection.close(None, end.at(7));
    assert_eq!(end.sent(), b"\x88\x00");
    assert_eq!(end.poll_timeout(), Some(end.at(12)));
    end.hear(&masked(0x82, b"postpones nothing"));
    end.fragment();
    assert_eq!(end.timeout(11), Ok(vec![]));
    assert!(end.connection.expired().is_none());
    assert_eq!(end.timeout(12), Err(Expired::Closing));
    assert!(end.connection.expired().is_some());
    assert!(end.connection.is_over() && !end.connection.is_closed_cleanly());
}

/// How long, in milliseconds, a peer is kept that receives `taken` bytes until each closing
/// deadline, with a closing timeout of `closing` milliseconds. 1 MiB waits to be sent to it.
fn stays(closing: u64, taken: usize) -> u128 {
    let closing = Duration::from_millis(closing);
    let mut end = End::hybi(Timeouts { closing, ..Timeouts::default() });
    end.connection.send(&vec![7; 1 << 20][..]).unwrap();
    let began = end.began;
    end.connection.close(None, began);
    loop {
        let deadline = end.poll_timeout().unwrap();
        end.connection.sent(taken.min(end.connection.unsent_len()), || deadline);
        if end.connection.handle_timeout(deadline).is_err() {
            return (deadline - began).as_millis();
        }
    }
}

#[test]
fn gives_a_peer_more_time_for_as_long_as_it_takes_what_was_sent() {
    // 1 MiB takes eight seconds at the least rate.
    for (closing, taken, stayed) in [
        (0, 0, 1000),
        (0, 128 << 10, 8000),
        (100, 0, 100),
        (100, 100 << 10, 1100),
        (100, 128 << 10, 8100),
        (5000, 600 << 10, 5000),
        (5000, 640 << 10, 13_000),
    ] {
        assert_eq!(stays(closing, taken), stayed, "{taken} bytes within {closing} ms");
    }
}

#[test]
fn a_look_that_comes_late_leaves_a_peer_the_whole_next_step() {
    let mut end = End::hybi(Timeouts::default());
    end.connection.send(&vec![7; 4 << 20][..]).unwrap();
    let began = end.began;
    end.connection.close(None, began);
    assert_eq!(end.poll_timeout(), Some(end.at(5)));
    end.connection.sent(1 << 20, || began);
    assert_eq!(end.timeout(100), Ok(vec![]));
    assert_eq!(end.poll_timeout(), Some(end.at(105)));
}

#[test]
fn wants_no_more_of_the_clock_than_its_end_when_it_is_over() {
    let mut end = end();
    end.hear(&masked(0x88, b""));
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.sent(), b"\x88\x00");
    assert_eq!(end.timeout(10_000), Ok(vec![]));
    assert_eq!(end.poll_timeout(), Some(end.at(5)), "the closing deadline");
}
