//! The vectors of RFC 7692 §7.2.3, and variants of them.

use super::*;

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

fn server() -> End {
    End::server(&eager(), "permessage-deflate")
}

fn bring(frames: &[Vec<u8>]) -> Result<Vec<Message>, ProtocolError> {
    bring_everywhere(server, &frames.concat())
}

fn texts(texts: &[&str]) -> Result<Vec<Message>, ProtocolError> {
    Ok(texts.iter().map(|text| Message::text(*text)).collect())
}

#[test]
fn one_block() {
    let frame = b"\xc1\x87\x37\xfa\x21\x3d\xc5\xb2\xec\xf4\xfe\xfd\x21".to_vec();
    assert_eq!(frame, masked(0xc1, &HELLO));
    assert_eq!(bring(&[frame]), texts(&["Hello"]));
}

#[test]
fn fragments_and_control_frames_between_them() {
    let (first, second) = HELLO.split_at(3);
    let frames = [masked(0x41, first), masked(0x89, b"?"), masked(0x80, second)];
    assert_eq!(bring(&frames), texts(&["Hello"]));
    let mut end = server();
    end.hear(&frames.concat()).unwrap();
    assert_eq!(end.said(), b"\x8a\x01?");
}

#[test]
fn fragments_of_one_byte_and_of_none() {
    let mut frames = vec![masked(0x41, &[])];
    frames.extend(HELLO.iter().flat_map(|byte| [masked(0x00, &[*byte]), masked(0x00, &[])]));
    frames.push(masked(0x80, &[]));
    assert_eq!(bring(&frames), texts(&["Hello"]));
}

#[test]
fn the_second_message_refers_to_the_first() {
    let frames = [masked(0xc1, &HELLO), masked(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00])];
    assert_eq!(bring(&frames), texts(&["Hello", "Hello"]));
}

#[test]
fn without_takeover_the_second_message_refers_to_nothing() {
    let offer = "permessage-deflate; client_no_context_takeover";
    let server = || End::server(&eager(), offer);
    let again = [masked(0xc1, &HELLO), masked(0xc1, &HELLO)].concat();
    assert_eq!(bring_everywhere(server, &again), texts(&["Hello", "Hello"]));
    let refers = [masked(0xc1, &HELLO), masked(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00])].concat();
    let refused = Err(ProtocolError::InvalidCompression);
    assert_eq!(bring_everywhere(server, &refers), refused);
}

#[test]
fn a_block_without_compression() {
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    assert_eq!(bring(&[masked(0xc1, &stored)]), texts(&["Hello"]));
}

#[test]
fn a_final_block_ends_no_message() {
    let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let with_room = [&last[..], &[0x00]].concat();
    assert_eq!(bring(&[masked(0xc1, &with_room)]), texts(&["Hello"]));
    // Some senders omit the empty block.
    assert_eq!(bring(&[masked(0xc1, &last)]), texts(&["Hello"]));
    let twice = [&last[..], &last[..], &HELLO[..]].concat();
    assert_eq!(bring(&[masked(0xc1, &twice)]), texts(&["HelloHelloHello"]));
    let frames = [masked(0xc1, &with_room), masked(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00])];
    assert_eq!(bring(&frames), texts(&["Hello", "Hello"]));
}

#[test]
fn the_empty_block_that_ends_a_message_may_be_final() {
    assert_eq!(bring(&[masked(0xc1, &[0x01])]), texts(&[""]));
    let hello = [&HELLO[..], &[0x00, 0x00, 0xff, 0xff, 0x01]].concat();
    assert_eq!(bring(&[masked(0xc1, &hello), masked(0xc1, &HELLO)]), texts(&["Hello", "Hello"]));
}

#[test]
fn several_blocks() {
    let blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(bring(&[masked(0xc1, &blocks)]), texts(&["Hello"]));
}

#[test]
fn empty_messages() {
    assert_eq!(bring(&[masked(0xc1, &[0x00])]), texts(&[""]));
    assert_eq!(bring(&[masked(0xc1, &[])]), texts(&[""]));
    assert_eq!(bring(&[masked(0x81, &[])]), texts(&[""]));
    let frames = [masked(0x41, &[]), masked(0x80, &[0x00]), masked(0xc1, &HELLO)];
    assert_eq!(bring(&frames), texts(&["", "Hello"]));
}

#[test]
fn plain_messages_between_compressed_ones_are_not_referred_to() {
    let frames = [
        masked(0xc1, &HELLO),
        masked(0x81, b"plain"),
        masked(0x01, b"in "),
        masked(0x80, b"pieces"),
        masked(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
    ];
    assert_eq!(bring(&frames), texts(&["Hello", "plain", "in pieces", "Hello"]));
}

#[test]
fn only_the_first_frame_of_a_data_message_has_the_reserved_bit() {
    let (first, second) = HELLO.split_at(3);
    for frames in [
        vec![masked(0x41, first), masked(0xc0, second)],
        vec![masked(0x01, b"plain"), masked(0xc0, second)],
        vec![masked(0xc9, b"")],
        vec![masked(0xc8, b"")],
    ] {
        assert_eq!(bring(&frames), Err(ProtocolError::ReservedBits(0x40)));
    }
    assert_eq!(bring(&[masked(0xa1, &HELLO)]), Err(ProtocolError::ReservedBits(0x20)));
    assert_eq!(bring(&[masked(0xd1, &HELLO)]), Err(ProtocolError::ReservedBits(0x50)));
}

#[test]
fn what_is_no_deflate_fails_the_connection() {
    for payload in [&[0xff, 0xff][..], &[0x06, 0x00], b"\x00\x05\x00\xfa\xfe"] {
        let frame = masked(0xc1, payload);
        assert_eq!(bring(&[frame]), Err(ProtocolError::InvalidCompression), "{payload:x?}");
    }
    let mut end = server();
    assert!(end.hear(&masked(0xc1, &[0xff, 0xff])).is_err());
    assert_eq!(end.said()[2..4], 1002_u16.to_be_bytes());
}

#[test]
fn a_message_that_ends_within_a_block_fails_the_connection() {
    let stored = b"\x00\x0a\x00\xf5\xffABC";
    // This one lacks four bytes, as many as the tail that is not sent has.
    let last = b"\x01\x07\x00\xf8\xffABC";
    for payload in
        [&stored[..], &stored[..5], &stored[..2], last, &HELLO[..4], &HELLO[..6], &[0x04]]
    {
        let frame = masked(0xc2, payload);
        assert_eq!(bring(&[frame]), Err(ProtocolError::InvalidCompression), "{payload:x?}");
    }
}

#[test]
fn texts_are_checked_when_they_are_inflated() {
    // "é" and its first byte, in stored blocks.
    let whole = [0x00, 0x02, 0x00, 0xfd, 0xff, 0xc3, 0xa9, 0x00];
    let half = [0x00, 0x01, 0x00, 0xfe, 0xff, 0xc3, 0x00];
    assert_eq!(bring(&[masked(0xc1, &whole)]), texts(&["é"]));
    assert_eq!(bring(&[masked(0xc1, &half)]), Err(ProtocolError::InvalidUtf8));
    assert!(bring(&[masked(0xc2, &half)]).is_ok());
}

#[test]
fn continuations_belong_to_a_message() {
    let lone = [masked(0xc1, &HELLO), masked(0x80, &HELLO)];
    assert_eq!(bring(&lone), Err(ProtocolError::LoneContinuation));
    let interleaved = [masked(0x41, &HELLO), masked(0xc1, &HELLO)];
    assert_eq!(bring(&interleaved), Err(ProtocolError::InterleavedMessage));
}

#[test]
fn sends_what_the_specification_shows_in_one_frame() {
    let text = "HelloHelloHelloHello";
    let mut end = server();
    let frame = end.say(text);
    assert_eq!(frame[0], 0xc1);
    assert_eq!(usize::from(frame[1]), frame.len() - 2);
    let shorter = end.say(text);
    assert!(shorter.len() < frame.len(), "{shorter:x?} refers to {frame:x?}");
    let offer = "permessage-deflate; server_no_context_takeover";
    let mut end = End::server(&eager(), offer);
    assert_eq!(end.say(text), frame);
    assert_eq!(end.say(text), frame);
}

#[test]
fn sends_as_it_is_what_is_short_secret_or_does_not_shrink() {
    let text = "a".repeat(200);
    let mut end = End::server(&Deflate::new().min_size(200), "permessage-deflate");
    assert_eq!(end.say(&text)[0], 0xc1);
    assert_eq!(end.say(&text[1..])[0], 0x81);
    assert_eq!(end.say(Outgoing::uncompressed(&text))[0], 0x81);
    assert_eq!(server().say("Hello"), b"\x81\x05Hello");
    assert_eq!(server().say(""), b"\x81\x00");
}

#[test]
fn counts_bytes_before_and_after() {
    let mut end = server();
    end.hear(&[masked(0xc1, &HELLO), masked(0x81, b"plain")].concat()).unwrap();
    assert_eq!((end.traffic.received(), end.traffic.received_on_wire()), (10, 12));
    let text = "a".repeat(1000);
    let wire = end.say(&text).len() - 2 + end.say("short").len() - 2;
    assert_eq!((end.traffic.sent(), end.traffic.sent_on_wire()), (1005, wire as u64));
}

/// Which of two errors is found does not depend on how much was read at once.
#[test]
fn text_that_is_wrong_comes_before_what_cannot_be_decompressed() {
    for block in [
        [0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        // Here, the tail that is not sent cannot be decompressed.
        [0xf3, 0x48, 0xcd, 0xc9, 0xfc, 0xff, 0xff, 0x7b],
    ] {
        let frame = masked(0xc1, &block);
        assert_eq!(bring(&[frame]), Err(ProtocolError::InvalidUtf8));
    }
}
