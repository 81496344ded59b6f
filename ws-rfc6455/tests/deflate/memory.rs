//! The memory limit that all connections share.

use super::*;

const FULL: &str = "permessage-deflate";
const NONE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

fn response(deflate: &Deflate) -> Option<String> {
    accept(deflate, FULL).map(|accepted| accepted.response)
}

#[test]
fn connections_beyond_it_have_no_context() {
    // Each has 4 KiB for the server's messages and 32 KiB for the client's.
    let deflate = Deflate::new().memory(80 * 1024);
    let first = accept(&deflate, FULL).unwrap();
    let clone = deflate.clone();
    let second = accept(&clone, FULL).unwrap();
    assert_eq!((&*first.response, &*second.response), (FULL, FULL));
    assert_eq!(response(&deflate).as_deref(), Some(NONE));
    drop(first);
    assert_eq!(response(&deflate).as_deref(), Some(FULL));
}

#[test]
fn a_connection_without_context_forgets_both_ways() {
    let deflate = eager().memory(0);
    let mut end = End::server(&deflate, FULL);
    let text = "HelloHelloHelloHello";
    assert_eq!(end.say(text), end.say(text));
    let refers = [0xf2, 0x00, 0x11, 0x00, 0x00];
    end.hear(&masked(0xc1, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])).unwrap();
    assert_eq!(end.hear(&masked(0xc1, &refers)), Err(ProtocolError::InvalidCompression));
}

#[test]
fn unfinished_messages_over_the_limit_leave_new_connections_uncompressed() {
    let deflate = Deflate::new().memory(40 * 1024);
    let mut end = End::server(&deflate, FULL);
    assert_eq!(response(&deflate).as_deref(), Some(NONE));
    end.hear(&masked(0x41, &[0xf2, 0x48])).unwrap();
    assert_eq!(response(&deflate), None);
    end.hear(&masked(0x80, &[0xcd, 0xc9, 0xc9, 0x07, 0x00])).unwrap();
    assert_eq!(response(&deflate).as_deref(), Some(NONE));
    end.hear(&masked(0x41, &[0xf2, 0x48])).unwrap();
    assert_eq!(response(&deflate), None);
    drop(end);
    assert_eq!(response(&deflate).as_deref(), Some(FULL));
}
