//! An end by the peer that is held while messages before it are not consumed.

use super::*;

/// The server's end, and the batch that it has received and that is not consumed.
fn hear(wire: &[&[u8]]) -> (End, Batch) {
    let mut end = end();
    end.hear(&wire.concat());
    let batch = end.batch();
    (end, batch)
}

impl End {
    fn messages(&mut self, untaken: Untaken) -> Result<Received<Batch>, ProtocolError> {
        self.connection.receive_messages(untaken)
    }

    pub(super) fn batch(&mut self) -> Batch {
        match self.messages(Untaken::Nothing) {
            Ok(Received::Data(batch)) => batch,
            other => panic!("expected messages, got {other:?}"),
        }
    }

    fn is_held(&mut self) {
        let received = self.messages(Untaken::Some);
        assert!(matches!(received, Ok(Received::Held)), "{received:?}");
        assert!(self.connection.is_open() && self.sent().is_empty());
    }

    fn is_closed(&mut self) {
        let received = self.messages(Untaken::Nothing);
        assert!(matches!(received, Ok(Received::Closed)), "{received:?}");
    }

    fn is_broken(&mut self, error: ProtocolError) {
        assert_eq!(self.messages(Untaken::Nothing).unwrap_err(), error);
        assert!(self.connection.is_over() && !self.connection.is_closed_cleanly());
        for untaken in [Untaken::Nothing, Untaken::Some] {
            let again = self.messages(untaken);
            assert!(matches!(again, Ok(Received::Closed)), "reported twice: {again:?}");
        }
    }

    /// Consumes a text that is not UTF-8.
    fn fails(&mut self, batch: &mut Batch) {
        let error = batch.lend().unwrap().unwrap_err();
        assert_eq!((error, batch.lend()), (ProtocolError::InvalidUtf8, None));
        self.connection.fail(error);
        self.is_closed();
    }

    /// The status code of the Close that was sent last.
    fn code(&mut self) -> u16 {
        match self.sent().as_slice() {
            [0x88, _, high, low, ..] => u16::from_be_bytes([*high, *low]),
            other => panic!("no Close with a code: {other:x?}"),
        }
    }
}

fn text(text: &str) -> Vec<u8> {
    masked(0x81, text.as_bytes())
}

fn takes(batch: &mut Batch, text: &str) {
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Text(text))));
}

const UNMASKED: &[u8] = b"\x81\x00";

#[test]
fn replies_go_out_before_the_answer_to_a_close() {
    let (mut end, mut batch) =
        hear(&[&text("a"), &text("b"), &masked(0x88, b"\x0b\xb8bye"), &text("after")]);
    for message in ["a", "b"] {
        end.is_held();
        takes(&mut batch, message);
        end.text("reply").unwrap();
        assert_eq!(end.sent(), b"\x81\x05reply");
    }
    assert!(batch.is_empty());
    end.is_closed();
    assert_eq!(end.sent(), b"\x88\x02\x0b\xb8");
    assert_eq!(end.connection.peer_reason().unwrap().text(), "bye");
    assert_eq!(end.text("late"), Err(SendError::Closed));
    end.is_closed();
}

#[test]
fn messages_of_an_earlier_read_hold_a_close_too() {
    let (mut end, mut batch) = hear(&[&text("a")]);
    end.hear(&[masked(0x89, b"?"), masked(0x88, b"")].concat());
    assert!(matches!(end.messages(Untaken::Some), Ok(Received::Held)));
    assert_eq!(end.sent(), b"\x8a\x01?", "a ping before the Close is answered at once");
    end.hear(&masked(0x89, b"after the Close"));
    end.is_held();
    takes(&mut batch, "a");
    end.is_closed();
    assert_eq!(end.sent(), b"\x88\x00");
    assert!(end.connection.is_closed_cleanly());
}

#[test]
fn messages_of_an_earlier_read_hold_a_violation_too() {
    let (mut end, mut batch) = hear(&[&text("a")]);
    end.hear(UNMASKED);
    assert!(matches!(end.messages(Untaken::Some), Ok(Received::Held)));
    end.is_held();
    takes(&mut batch, "a");
    end.is_broken(ProtocolError::Unmasked);
}

#[test]
fn a_broken_close_is_told_after_messages_of_an_earlier_read() {
    let (mut end, mut batch) = hear(&[&text("a")]);
    end.connection.close(None, end.began);
    end.hear(&masked(0x88, b"\x03"));
    for _ in 0..2 {
        assert!(matches!(end.messages(Untaken::Some), Ok(Received::Held)));
        assert!(end.connection.is_over(), "our Close is sent, and nothing else can be");
    }
    takes(&mut batch, "a");
    end.is_broken(ProtocolError::CloseOfOneByte);
}

#[test]
fn a_fragment_that_is_not_taken_holds_a_close() {
    let mut end = end();
    end.hear(&[text("a"), masked(0x88, b"")].concat());
    assert_eq!(end.fragment(), (b"a".to_vec(), true, true));
    for _ in 0..2 {
        assert_eq!(end.connection.receive_fragment(Untaken::Some), Ok(Received::Held));
    }
    end.text("reply").unwrap();
    assert_eq!(end.receive(), Ok(Received::Closed));
    assert_eq!(end.sent(), b"\x81\x05reply\x88\x00");
}

#[test]
fn a_fragment_that_is_not_taken_holds_no_violation() {
    let mut end = end();
    end.hear(&[text("a"), UNMASKED.to_vec()].concat());
    assert_eq!(end.fragment(), (b"a".to_vec(), true, true));
    let broken = end.connection.receive_fragment(Untaken::Some);
    assert_eq!(broken, Err(ProtocolError::Unmasked));
    assert_eq!((end.code(), end.receive()), (1002, Ok(Received::Closed)));
}

#[test]
fn our_own_close_ends_the_wait() {
    let (mut end, mut batch) = hear(&[&text("a"), &masked(0x88, b"\x0b\xb8bye")]);
    end.connection.close(Some(CloseReason::new(CloseCode::GOING_AWAY, "")), end.began);
    assert_eq!(end.sent(), b"\x88\x02\x03\xe9", "one Close, with the application's code");
    assert!(end.connection.is_over() && end.connection.is_closed_cleanly());
    assert_eq!(end.connection.peer_reason().unwrap().text(), "bye");
    assert_eq!(end.poll_timeout(), Some(end.at(5)));
    takes(&mut batch, "a");
    end.is_closed();
}

#[test]
fn a_peer_that_ends_its_side_after_its_close_is_answered() {
    for closes in [false, true] {
        let (mut end, _batch) = hear(&[&text("a"), &masked(0x88, b"\x03\xe8")]);
        end.connection.end_of_input();
        end.is_held();
        match closes {
            true => end.connection.close(None, end.began),
            false => end.is_closed(),
        }
        assert_eq!(end.sent()[0], 0x88);
        assert!(end.connection.is_closed_cleanly());
    }
}

#[test]
fn a_second_ends_the_wait() {
    let (mut end, mut batch) = hear(&[&text("a"), &masked(0x88, b"\x03\xe8")]);
    for asked_at in [3, 9] {
        let now = end.at(asked_at);
        assert_eq!(end.connection.poll_timeout(|| now), Some(end.at(4)));
    }
    assert_eq!(end.timeout(3), Ok(vec![]));
    assert!(end.connection.is_open());
    assert_eq!(end.timeout(4), Ok(b"\x88\x02\x03\xe8".to_vec()));
    assert!(end.connection.is_over() && end.connection.is_closed_cleanly());
    let now = end.at(4);
    assert_eq!(end.connection.poll_timeout(|| now), Some(end.at(9)), "the closing deadline");
    takes(&mut batch, "a");
    end.is_closed();
}

#[test]
fn nothing_is_held_when_our_close_is_out() {
    let mut end = end();
    end.connection.close(None, end.began);
    end.sent();
    end.hear(&[text("a"), masked(0x88, b"\x03\xe8")].concat());
    let mut batch = end.batch();
    assert!(end.connection.is_over() && end.connection.is_closed_cleanly());
    takes(&mut batch, "a");
    end.is_closed();
    assert_eq!(end.sent(), b"");
}

#[test]
fn messages_before_a_violation_are_not_lost_when_our_close_is_out() {
    for wire in [UNMASKED, &masked(0x88, b"\x03"), &masked(0x01, b"\xff")] {
        let mut end = end();
        end.connection.close(None, end.began);
        end.sent();
        end.hear(&[&text("a"), wire].concat());
        let mut batch = end.batch();
        assert!(end.connection.is_over());
        takes(&mut batch, "a");
        let error = end.messages(Untaken::Nothing).unwrap_err();
        assert!(matches!(error.status().number(), 1002 | 1007), "{error}");
        end.is_closed();
        assert_eq!(end.sent(), b"");
    }
}

#[test]
fn a_violation_is_held_and_told_once() {
    let (mut end, mut batch) = hear(&[&text("a"), UNMASKED, &text("after")]);
    end.is_held();
    takes(&mut batch, "a");
    end.text("reply").unwrap();
    assert_eq!(end.sent(), b"\x81\x05reply");
    end.is_broken(ProtocolError::Unmasked);
    assert_eq!(end.code(), 1002);
}

#[test]
fn a_violation_is_told_after_our_close_or_the_deadline_has_ended_the_wait() {
    for closes in [false, true] {
        let (mut end, mut batch) = hear(&[&text("a"), UNMASKED]);
        assert_eq!(end.poll_timeout(), Some(end.at(1)));
        match closes {
            true => end.connection.close(None, end.began),
            false => end.connection.handle_timeout(end.at(1)).unwrap(),
        }
        assert!(end.connection.is_over());
        match closes {
            true => assert_eq!(end.sent(), b"\x88\x00", "only one Close"),
            false => assert_eq!(end.code(), 1002),
        }
        takes(&mut batch, "a");
        end.is_broken(ProtocolError::Unmasked);
        assert_eq!(end.sent(), b"");
    }
}

#[test]
fn the_payload_of_a_close_is_kept_as_it_came() {
    let reason = "\u{e9}".repeat(61);
    let payload = [&b"\x03\xe8"[..], reason.as_bytes()].concat();
    let (mut end, _) = hear(&[&text("a"), &masked(0x88, &payload)]);
    drop(end.connection.reclaim());
    end.is_closed();
    assert_eq!(end.connection.peer_reason().unwrap().text(), reason);
    assert_eq!(end.sent(), b"\x88\x02\x03\xe8");

    for (payload, error) in [
        (&b"\x03"[..], ProtocolError::CloseOfOneByte),
        (b"\x13\x88", ProtocolError::CloseCode(5000)),
        (b"\x03\xe8\xff", ProtocolError::InvalidReason),
    ] {
        let (mut end, mut batch) = hear(&[&text("a"), &masked(0x88, payload)]);
        end.is_held();
        takes(&mut batch, "a");
        end.is_broken(error);
    }
}

#[test]
fn a_text_that_is_not_utf8_before_a_close_fails_the_connection() {
    let close = masked(0x88, b"\x03\xe8");
    let wrong = masked(0x81, b"\xff");
    let (mut end, mut batch) = hear(&[&wrong, &close]);
    end.fails(&mut batch);
    assert_eq!(end.code(), 1007);

    let (mut end, mut batch) = hear(&[&text("a"), &wrong, &text("b"), &close]);
    takes(&mut batch, "a");
    end.fails(&mut batch);
    assert_eq!(end.code(), 1007);

    let (mut end, mut batch) = hear(&[&text("a"), &wrong, &text("b")]);
    end.hear(&close);
    end.is_held();
    takes(&mut batch, "a");
    end.fails(&mut batch);
    assert_eq!(end.code(), 1007);
    end.is_closed();
}

#[test]
fn what_broke_the_protocol_first_is_told() {
    let (mut end, mut batch) = hear(&[&masked(0x81, b"\xff"), UNMASKED]);
    let error = batch.lend().unwrap().unwrap_err();
    assert_eq!(error, ProtocolError::InvalidUtf8);
    end.connection.fail(error);
    assert_eq!(end.code(), 1007);
    end.is_closed();
}

#[test]
fn a_text_is_repaired_before_a_close_in_the_batch_of_another_draft() {
    let (mut strict, mut tiny) = (end(), End::new(tiny(true), Timeouts::default()));
    for _ in 0..2 {
        strict.hear(&text("a"));
        let mut memory = strict.batch();
        memory.clear();
        tiny.connection.lend(memory);
        tiny.hear(b"\x80");
        let mut memory = tiny.batch();
        takes(&mut memory, "\u{fffd}");
        memory.clear();
        strict.connection.lend(memory);
    }
    tiny.hear(b"\x80\xff");
    let mut batch = tiny.batch();
    takes(&mut batch, "\u{fffd}");
    tiny.text("m").unwrap();
    tiny.is_closed();
    assert_eq!(tiny.sent(), b"m\xff");
    strict.hear(&[masked(0x81, b"\xff"), masked(0x88, b"")].concat());
    let mut batch = strict.batch();
    strict.fails(&mut batch);
}

#[test]
fn a_ping_after_messages_is_answered_after_the_replies_to_them() {
    let ping = masked(0x89, b"?");
    let (mut end, mut batch) = hear(&[&text("a"), &ping, &text("b"), &ping]);
    takes(&mut batch, "a");
    end.text("reply").unwrap();
    assert!(end.connection.has_unread());
    end.connection.lend(Batch::new(vec![0; STORAGE].into()));
    let mut batch = end.batch();
    takes(&mut batch, "b");
    assert!(batch.is_empty());
    assert_eq!(end.sent(), b"\x81\x05reply\x8a\x01?");
    // The next call answers the second ping, even if the messages before it are not consumed.
    assert!(matches!(end.messages(Untaken::Some), Ok(Received::Starved)));
    assert_eq!(end.sent(), b"\x8a\x01?");
}
