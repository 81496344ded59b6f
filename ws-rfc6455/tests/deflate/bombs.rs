//! Small messages that stand for large ones.

use super::*;
use flate2::{Compress, Compression, FlushCompress};

/// So many zeros, compressed as one message.
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
    // The same in two fragments, neither of which is over it.
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
        let piece = codec.take_transformed().unwrap().payload;
        assert!(piece.capacity() <= 16 * 1024);
        inflated += piece.len();
        steps += 1;
        assert!(!piece.is_empty() || decoded.consumed > 0, "nothing came of step {steps}");
        rest = &mut rest[decoded.consumed..];
        if decoded.fragment.unwrap().fin {
            break;
        }
        assert!(!rest.is_empty(), "something is left as long as there is more to come");
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
    end.input.spare()[..wire.len()].copy_from_slice(&wire);
    end.input.filled(wire.len());
    let next = |end: &mut End| match end.connection.receive(&mut end.input, &mut end.output) {
        Ok(Received::Data(data)) => Some((data.first, data.fin, data.payload.len())),
        other => {
            assert_eq!(other, Ok(Received::Closed));
            None
        }
    };
    assert_eq!(next(&mut end), Some((true, false, 0)));
    assert!(end.connection.take_transformed().is_some());
    let before = end.traffic.received();
    end.connection.discard_data();
    for (first, fin) in [(false, true), (true, false), (false, true)] {
        assert_eq!(next(&mut end), Some((first, fin, 0)));
        assert_eq!(end.connection.take_transformed(), None);
    }
    assert_eq!(next(&mut end), None);
    assert_eq!(end.traffic.received(), before);
}
