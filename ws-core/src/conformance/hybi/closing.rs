//! The closing handshake of the HyBi family (RFC 6455 §5.5.1 and §7).

use std::time::Instant;

use super::exchange::masked;
use crate::close::{CloseCode, CloseReason};
use crate::connection::{Connection, Received, Untaken};
use crate::draft::Draft;
use crate::limits::{Limits, Timeouts};
use crate::message::Batch;
use crate::protocol_error::ProtocolError;
use crate::role::Role;

/// The outcome of receiving a Close frame in a server, and the frame that answers it.
pub type Close = (Result<Option<CloseReason>, ProtocolError>, Vec<u8>);

pub(super) fn check(draft: &'static dyn Draft) {
    echoes_the_code_it_hears(draft);
    fails_on_broken_close_frames(draft);
    sends_codes_that_all_versions_have(draft);
}

fn connection(draft: &'static dyn Draft, received: &[u8]) -> Connection {
    let limits = Limits::default();
    let codec = draft.codec(Role::Server, &limits);
    Connection::new(codec, received, limits, Timeouts::default(), Instant::now())
}

/// The status code that is sent when a server closes with `code`.
pub fn code_sent(draft: &'static dyn Draft, code: CloseCode) -> u16 {
    let mut connection = connection(draft, &[]);
    connection.close(Some(CloseReason::new(code, "")), Instant::now());
    code_in(connection.unsent())
}

/// The status code that is sent when a server fails the connection with `error`.
pub fn code_after(draft: &'static dyn Draft, error: ProtocolError) -> u16 {
    let mut connection = connection(draft, &[]);
    connection.fail(error);
    code_in(connection.unsent())
}

fn code_in(unsent: &[u8]) -> u16 {
    match unsent {
        [0x88, len, high, low, ..] if *len >= 2 => u16::from_be_bytes([*high, *low]),
        other => panic!("no Close frame with a code: {other:x?}"),
    }
}

/// Receives a Close frame with this payload in a server.
pub fn heard_close(draft: &'static dyn Draft, payload: &[u8]) -> Close {
    let mut connection = connection(draft, &masked(0x88, payload));
    connection.lend(Batch::new(vec![0; 256].into()));
    let received = connection.receive_messages(Untaken::Nothing);
    let reason = received.map(|received| {
        assert!(matches!(received, Received::Closed), "{received:?}");
        assert!(connection.is_closed_cleanly());
        connection.peer_reason().cloned()
    });
    assert!(connection.is_over(), "a Close ends the connection, in one way or another");
    (reason, connection.unsent().to_vec())
}

fn echoes_the_code_it_hears(draft: &'static dyn Draft) {
    assert_eq!(heard_close(draft, b""), (Ok(None), b"\x88\x00".to_vec()));
    for code in [1000, 1001, 1002, 1003, 3000, 3999, 4000, 4999] {
        let [high, low] = u16::to_be_bytes(code);
        let (reason, answer) = heard_close(draft, &[&[high, low], &b"bye"[..]].concat());
        let reason = reason.expect("a code of all versions").expect("a reason");
        assert_eq!((reason.code().number(), reason.text()), (code, "bye"));
        assert_eq!(answer, [0x88, 2, high, low]);
    }
}

fn fails_on_broken_close_frames(draft: &'static dyn Draft) {
    for (payload, error) in [
        (&b"\x03"[..], ProtocolError::CloseOfOneByte),
        (b"\x00\x00", ProtocolError::CloseCode(0)),
        (b"\x03\xe7", ProtocolError::CloseCode(999)),
        (b"\x03\xed", ProtocolError::CloseCode(1005)),
        (b"\x03\xee", ProtocolError::CloseCode(1006)),
        (b"\x03\xf7", ProtocolError::CloseCode(1015)),
        (b"\x13\x88", ProtocolError::CloseCode(5000)),
        (b"\xff\xff", ProtocolError::CloseCode(65535)),
    ] {
        let (reason, answer) = heard_close(draft, payload);
        assert_eq!(reason, Err(error), "{payload:x?}");
        let code = u16::from_be_bytes([answer[2], answer[3]]);
        assert_eq!((answer[0], code), (0x88, 1002), "{payload:x?}");
    }
    // The status code that answers these depends on the version.
    for text in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xc0\x80"] {
        let payload = [b"\x03\xe8", text].concat();
        let (reason, _) = heard_close(draft, &payload);
        assert_eq!(reason, Err(ProtocolError::InvalidReason), "{payload:x?}");
    }
}

fn sends_codes_that_all_versions_have(draft: &'static dyn Draft) {
    for number in [1000, 1001, 1002, 1003, 3000, 3999, 4000, 4999] {
        let code = CloseCode::new(number).expect("a code that may be sent");
        assert_eq!(code_sent(draft, code), number);
    }
    for error in [
        ProtocolError::Unmasked,
        ProtocolError::Masked,
        ProtocolError::ReservedBits(0x40),
        ProtocolError::ReservedOpcode(3),
        ProtocolError::LoneContinuation,
        ProtocolError::CloseOfOneByte,
        ProtocolError::CloseCode(999),
    ] {
        assert_eq!(code_after(draft, error), 1002, "{error}");
    }
}
