//! Decompression bombs: short messages that decompress to long ones.

use super::*;
use flate2::{Compress, Compression, FlushCompress};
use ws_core::conformance::receive_from;
use ws_core::connection::{Payload, ReceivedFragment, Work};

/// A message of `zeros` zeros, compressed.
fn bomb(zeros: usize) -> Vec<u8> {
    let mut engine = Compress::new(Compression::best(), false);
    let mut payload = Vec::with_capacity(zeros / 100 + 100);
    engine.compress_vec(&vec![0; zeros], &mut payload, FlushCompress::Sync).unwrap();
    assert_eq!(engine.total_in(), zeros as u64);
    payload.truncate(payload.len() - 4);
    payload
}

#[test]
fn a_message_may_reach_the_limit_and_not_go_beyond() {
    let limit = Limits::default().message;
    let deflate = Deflate::new();
    let mut end = End::server(&deflate, "permessage-deflate");
    let heard = end.hear(&masked(0xc2, &bomb(limit))).unwrap();
    assert_eq!(heard, [Message::binary(vec![0; limit])]);
    let refused = Err(ProtocolError::MessageTooBig { limit });
    let mut end = End::server(&deflate, "permessage-deflate");
    assert_eq!(end.hear(&masked(0xc2, &bomb(limit + 1))), refused);
    // The same in two fragments, neither of which exceeds the limit.
    let payload = bomb(limit + 1);
    let (first, second) = payload.split_at(payload.len() / 2);
    let mut end = End::server(&deflate, "permessage-deflate");
    let wire = [masked(0x42, first), masked(0x80, second)].concat();
    assert_eq!(end.hear(&wire), refused);
}

#[test]
fn is_looked_at_in_steps_each_within_a_bound() {
    let payload = bomb(16 << 20);
    let accepted = accept(&Deflate::new(), "permessage-deflate").unwrap();
    let limits = Limits::default();
    let traffic = Arc::new(Traffic::default());
    let mut codec =
        RFC6455.extended_codec(Role::Server, &limits, accepted.transform, traffic.clone());
    let mut wire = masked(0xc2, &payload);
    let (mut rest, mut inflated, mut steps) = (&mut wire[..], 0, 0);
    loop {
        let decoded = codec.decode(rest).unwrap().unwrap();
        let made = codec.take_transformed().unwrap();
        assert!(made.payload.capacity() <= 16 * 1024);
        inflated += made.payload.len();
        steps += 1;
        let fin = decoded.fragment.unwrap().fin;
        let moves = !made.payload.is_empty() || decoded.consumed > 0 || fin;
        assert!(moves, "no progress in step {steps}");
        rest = &mut rest[decoded.consumed..];
        assert_eq!(made.more, !fin, "`more` of step {steps} is wrong");
        if fin {
            break;
        }
    }
    assert_eq!((inflated, rest.len()), (16 << 20, 0));
    assert_eq!(traffic.received(), 16 << 20);
}

#[test]
fn is_not_decompressed_once_nobody_takes_it() {
    let mut end = End::server(&eager(), "permessage-deflate");
    let wire = [
        masked(0xc2, &bomb(1 << 20)),
        masked(0x42, b"no deflate"),
        masked(0x80, b""),
        masked(0x88, &[0x03, 0xe8]),
    ]
    .concat();
    let next = |end: &mut End| match end.connection.receive_fragment(Untaken::Nothing).unwrap() {
        Received::Data(ReceivedFragment { first, fin, payload, .. }) => Some((first, fin, payload)),
        other => {
            assert!(matches!(other, Received::Closed), "{other:?}");
            None
        }
    };
    end.connection.lend(Batch::new(vec![0; MEMORY].into()));
    receive_from(&mut end.connection, &mut &wire[..]).unwrap();
    assert!(matches!(next(&mut end), Some((true, false, Payload::Made(_)))));
    let before = end.traffic.received();
    end.connection.discard_data();
    for (first, fin) in [(false, true), (true, false), (false, true)] {
        match next(&mut end) {
            Some((is_first, is_last, Payload::Stored(range))) => {
                assert_eq!((is_first, is_last, range.len()), (first, fin, 0));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(next(&mut end).is_none());
    assert_eq!(end.traffic.received(), before);
}

/// The buffer is reclaimed whenever the work is interrupted, as of a connection that waits.
#[test]
fn is_worked_through_in_turns_and_keeps_its_place_without_memory() {
    let mut limits = Limits::default();
    limits.message = 4 << 20;
    let accepted = accept(&Deflate::new(), "permessage-deflate").unwrap();
    let mut end = End::limited(Role::Server, accepted.transform, limits);
    let payload = bomb(4 << 20);
    let mut socket = &[masked(0xc2, &payload), masked(0x81, b"after")].concat()[..];
    let (mut turns, mut work, mut messages) = (0, Work::default(), Vec::new());
    while messages.len() < 2 {
        if !end.connection.has_storage() {
            end.connection.lend(Batch::new(vec![0xee; 512].into()));
        }
        match end.connection.receive_messages(Untaken::Nothing).unwrap() {
            Received::Data(mut batch) => {
                messages.extend(std::iter::from_fn(|| batch.take()).map(Result::unwrap));
            }
            Received::Working => turns += 1,
            Received::Starved => _ = receive_from(&mut end.connection, &mut socket).unwrap(),
            other => panic!("{other:?}"),
        }
        let done = end.connection.take_work();
        assert!(done.decoded < 2 * 16 * 1024 && done.wire < 2 * 4 * 1024, "{done:?} in a turn");
        work.decoded += done.decoded;
        work.wire += done.wire;
        drop(end.connection.reclaim().unwrap());
    }
    assert_eq!(messages[0].as_bytes().len(), 4 << 20);
    assert!(messages[0].as_bytes().iter().all(|byte| *byte == 0));
    assert_eq!(messages[1], Message::text("after"));
    assert_eq!((work.decoded, work.wire), (4 << 20, payload.len()));
    assert!(turns > 200, "{turns} turns");
    assert!(!end.connection.has_unread());
}

#[test]
fn what_is_forgotten_is_not_worked_on() {
    let mut end = End::server(&eager(), "permessage-deflate");
    end.connection.lend(Batch::new(vec![0; MEMORY].into()));
    receive_from(&mut end.connection, &mut &masked(0xc2, &bomb(1 << 20))[..]).unwrap();
    let received = end.connection.receive_messages(Untaken::Nothing);
    assert!(matches!(received, Ok(Received::Working)), "{received:?}");
    assert!(end.connection.has_unread());
    assert!(end.connection.discard_received().is_some());
    assert!(!end.connection.has_unread());
}

#[test]
fn a_message_that_is_given_to_compress_counts_as_work() {
    let mut end = End::server(&eager(), "permessage-deflate");
    end.say("0123456789");
    end.say(Outgoing::uncompressed("0123456789"));
    assert_eq!(end.connection.take_work().encoded, 20);
    assert_eq!(end.connection.take_work(), Work::default());
}
