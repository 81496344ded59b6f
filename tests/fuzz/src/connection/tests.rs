//! Tests that scripts of this target reach rare states.

use super::*;
use crate::drafts::put_masked;

/// A step in which the peer sends these bytes.
fn heard(wire: &[u8]) -> Vec<u8> {
    [&[wire.len() as u8 - 1], wire].concat()
}

#[test]
fn a_script_can_hold_the_end_of_a_connection() {
    let (mut wire, take, busy) = (Vec::new(), 0xd2, 0xd1);
    put_masked(0x81, b"a", &mut wire);
    put_masked(0x82, b"b", &mut wire);
    put_masked(0x88, b"\x03\xe8", &mut wire);
    for pick in [0, 8] {
        let script = [&[pick, busy], &heard(&wire)[..], &[0xa1, take, 0xa1]].concat();
        let played = play(&script).expect("a script");
        assert!(played.held > 0 && played.batches.len() <= 1);
        let close = b"\x88\x02\x03\xe8";
        assert_eq!(played.written.ends_with(close), pick == 8, "{:x?}", played.written);
        let script = [&script[..], &[take, 0xa1]].concat();
        let played = play(&script).expect("a script");
        assert!(played.written.starts_with(b"\x81\x01m\x81\x01m") || pick == 8);
        assert!(played.written.ends_with(close) && played.connection.is_closed_cleanly());
        run(&script);
    }
}

#[test]
fn a_script_can_read_to_where_a_long_message_stays() {
    let header = b"\x82\xff\0\0\0\0\0\x02\0\0\x01\x02\x03\x04";
    let script = [&[4], &heard(header)[..], &[0xcf, 0xd3]].concat();
    let played = play(&script).expect("a script");
    assert!(played.appended > 0 && !played.connection.is_within_message());
    run(&script);
}
