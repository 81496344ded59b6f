//! The closing handshake, from either side.

use super::*;

fn close(end: &mut End) {
    let reason = CloseReason::new(CloseCode::GOING_AWAY, "bye");
    end.connection.close(Some(reason), end.began);
}

#[test]
fn waits_for_the_peer_after_closing_first() {
    let mut end = end();
    close(&mut end);
    assert_eq!(end.sent(), b"\x88\x05\x03\xe9bye");
    assert!(!end.connection.is_open() && !end.connection.is_over());
    close(&mut end);
    assert_eq!(end.sent(), b"", "a second Close");
    end.hear(&masked(0x88, b"\x03\xe8"));
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.sent(), b"", "an answer to an answer");
    assert!(end.connection.is_closed_cleanly());
    assert_eq!(end.connection.peer_reason().unwrap().code(), CloseCode::NORMAL);
}

#[test]
fn answers_a_peer_that_closes_first_and_sends_nothing_more() {
    let mut end = end();
    end.hear(&masked(0x88, b"\x0b\xb8bye"));
    end.hear(&masked(0x82, b"after the Close"));
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.sent(), b"\x88\x02\x0b\xb8");
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.connection.peer_reason().unwrap().text(), "bye");
    let late = end.text("late");
    assert_eq!(late, Err(SendError::Closed));
    assert_eq!(end.connection.begin(MessageRef::Text("late")), Err(SendError::Closed));
    assert_eq!(end.connection.ping(b""), Err(SendError::Closed));
    close(&mut end);
    assert_eq!(end.sent(), b"");
}

#[test]
fn answers_an_empty_close_with_an_empty_one() {
    let mut end = end();
    end.hear(&masked(0x88, b""));
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.sent(), b"\x88\x00");
    assert_eq!(end.connection.peer_reason(), None);
    assert!(end.connection.is_closed_cleanly());
}

#[test]
fn receives_what_the_peer_sent_before_it_heard_our_close() {
    let mut end = end();
    close(&mut end);
    end.sent();
    end.hear(&masked(0x01, b"a"));
    end.hear(&masked(0x89, b"ping"));
    end.hear(&masked(0x80, b"b"));
    end.hear(&masked(0x88, b""));
    assert_eq!(end.fragment(), (b"a".to_vec(), true, false));
    assert_eq!(end.fragment(), (b"b".to_vec(), false, true));
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.sent(), b"", "a pong after our Close");
}

#[test]
fn forgets_the_ping_that_waits_when_it_closes() {
    let mut end = end();
    end.text("x").unwrap();
    end.connection.blocked();
    end.hear(&masked(0x89, b"late"));
    assert_eq!(end.receive(), Ok(Received::Starved));
    close(&mut end);
    assert_eq!(end.sent(), b"\x81\x01x\x88\x05\x03\xe9bye");
    assert_eq!(end.sent(), b"");
}

#[test]
fn tells_the_peer_in_the_words_of_its_version_why_it_failed() {
    for (error, code) in [
        (ProtocolError::Unmasked, 1002),
        (ProtocolError::InvalidUtf8, 1007),
        (ProtocolError::MessageTooBig { limit: 1 }, 1004),
    ] {
        let mut end = end();
        end.connection.fail(error);
        let [high, low] = u16::to_be_bytes(code);
        let text = error.to_string();
        let expected = [&[0x88, 2 + text.len() as u8, high, low], text.as_bytes()].concat();
        assert_eq!(end.sent(), expected);
        assert!(end.connection.is_over() && !end.connection.is_closed_cleanly());
        end.hear(&masked(0x82, b"ignored"));
        assert_eq!(end.receive(), Ok(Received::Closed));
    }
}

#[test]
fn fails_without_a_second_close_when_its_own_is_out() {
    let mut end = end();
    close(&mut end);
    end.sent();
    end.hear(b"\x81\x00");
    assert_eq!(end.receive(), Err(ProtocolError::Unmasked));
    assert_eq!(end.sent(), b"");
    assert!(end.connection.is_over());
}

#[test]
fn closes_without_a_code_where_the_draft_has_none() {
    let mut end = End::new(tiny(true), Timeouts::default());
    close(&mut end);
    assert_eq!(end.sent(), [0xff]);
    end.hear(b"a\xffb");
    assert_eq!(end.fragment(), (b"a".to_vec(), true, true));
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.connection.peer_reason(), None);

    let mut end = End::new(tiny(true), Timeouts::default());
    end.hear(b"\xff");
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.sent(), [0xff]);
}

#[test]
fn fails_without_a_word_where_the_draft_has_none() {
    let mut end = End::new(tiny(true), Timeouts::default());
    end.hear(b"\xfe");
    assert_eq!(end.receive(), Err(ProtocolError::Other("fe")));
    assert_eq!(end.sent(), b"");
    assert!(end.connection.is_over());
}

#[test]
fn is_over_at_once_where_closing_is_ending_the_tcp_connection() {
    let mut end = End::new(tiny(false), Timeouts::default());
    close(&mut end);
    assert_eq!(end.sent(), b"");
    assert!(end.connection.is_over() && end.connection.is_closed_cleanly());
    assert_eq!(end.poll_timeout(), Some(end.at(5)));
}

#[test]
fn what_the_peer_ends_is_limited_in_time_too() {
    for wire in [masked(0x88, &[]), vec![0x81, 0x00]] {
        let mut end = end();
        end.hear(&wire);
        drop(end.receive());
        assert!(end.connection.is_over());
        for seconds in [7, 9] {
            let now = end.at(seconds);
            assert_eq!(end.connection.poll_timeout(|| now), Some(end.at(12)));
        }
        let late = end.at(12);
        let expired = end.connection.handle_timeout(late);
        assert_eq!(expired, Err(Expired::Closing));
        assert_eq!(end.connection.expired(), Some(Expired::Closing));
        assert_eq!(end.poll_timeout(), None);
    }
}

#[test]
fn neither_sends_nor_awaits_a_close_when_the_peer_is_gone() {
    for closes_before in [false, true] {
        let mut end = end();
        if closes_before {
            close(&mut end);
            end.sent();
        }
        end.connection.end_of_input();
        assert_eq!(end.connection.is_open(), !closes_before, "a half-closed peer can be answered");
        close(&mut end);
        assert_eq!(end.sent(), b"");
        assert!(end.connection.is_over() && !end.connection.is_closed_cleanly());
        assert_eq!(end.receive(), Ok(Received::Closed));
    }
}
