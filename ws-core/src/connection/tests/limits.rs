//! Size limits, and the status codes that report errors to a peer.

use super::*;

/// A profile with the status codes of RFC 6455.
static STRICT: Profile = Profile::new(DraftId::new("strict"), 99).with_key(KeyRule::Printable);

fn end(max_frame: u64) -> End {
    limited(Limits { frame: max_frame, ..Limits::default() })
}

fn limited(limits: Limits) -> End {
    let codec = HybiCodec::new(&STRICT, Role::Server, limits.frame);
    End::limited(codec.into(), limits, Timeouts::default())
}

/// The status code of the Close that was sent, if one was.
fn code(end: &mut End) -> Option<u16> {
    match end.sent().as_slice() {
        [0x88, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

#[test]
fn refuses_a_frame_by_its_header() {
    let mut end = end(4);
    end.hear(&masked(0x82, b"four"));
    assert_eq!(end.fragment(), (b"four".to_vec(), true, true));
    end.hear(&masked(0x82, b"fives")[..6]);
    assert_eq!(end.receive(), Err(ProtocolError::FrameTooBig { limit: 4 }));
    assert_eq!(code(&mut end), Some(1009));
    assert_eq!(end.receive(), Ok(Received::Closed));
}

#[test]
fn refuses_a_message_before_a_byte_of_its_payload_has_come() {
    let mut end = limited(Limits { message: 4, ..Limits::default() });
    end.hear(&masked(0x82, b"fives")[..6]);
    let error = end.connection.receive_messages(Untaken::Nothing).unwrap_err();
    assert_eq!(error, ProtocolError::MessageTooBig { limit: 4 });
    assert_eq!(code(&mut end), Some(1009));
    assert!(end.connection.is_over());
}

#[test]
fn tells_each_fault_by_its_code() {
    let reserved_bit = masked(0xc1, b"");
    let reserved_opcode = masked(0x83, b"");
    let long_ping = [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0], &[0; 126][..]].concat();
    let half_ping = masked(0x09, b"");
    let long_length = vec![0x82, 0xfe, 0, 1, 0, 0, 0, 0, 1];
    let close_of_one_byte = masked(0x88, b"\x03");
    let close_1005 = masked(0x88, b"\x03\xed");
    let close_of_no_text = masked(0x88, b"\x03\xe8\xff");
    for (wire, expected) in [
        (b"\x81\x00".to_vec(), 1002),
        (reserved_bit, 1002),
        (reserved_opcode, 1002),
        (long_ping, 1002),
        (half_ping, 1002),
        (long_length, 1002),
        (close_of_one_byte, 1002),
        (close_1005, 1002),
        (close_of_no_text, 1007),
    ] {
        let mut end = end(1 << 20);
        end.hear(&wire);
        end.hear(&masked(0x82, b"not decoded"));
        assert!(end.receive().is_err(), "{wire:x?}");
        assert_eq!(code(&mut end), Some(expected), "{wire:x?}");
        assert_eq!(end.receive(), Ok(Received::Closed));
        assert!(!end.connection.is_closed_cleanly());
    }
}
