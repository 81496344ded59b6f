//! Tests of the contents of a batch.

use super::*;

/// Messages in the storage, by their ranges.
fn stored(storage: &[u8], messages: &[(MessageKind, Range<usize>)]) -> Contents {
    let mut batch = Contents::new(storage.into());
    for (kind, range) in messages {
        batch.push(Assembled::Stored(*kind, range.clone()));
    }
    batch
}

use MessageKind::{Binary, Text};

const WRONG: ProtocolError = ProtocolError::InvalidUtf8;

#[test]
fn lends_and_takes_in_the_order_in_which_they_came() {
    let mut batch = stored(b"abc", &[(Text, 0..1), (Binary, 1..2)]);
    batch.push(Assembled::own(Message::text("own")));
    batch.push(Assembled::own(Message::binary(&b"own"[..])));
    batch.push(Assembled::Stored(Text, 2..3));
    assert_eq!((batch.capacity(), batch.payload_len(), batch.is_empty()), (3, 9, false));
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Text("a"))));
    assert_eq!(batch.take(), Some(Ok(Message::binary(&b"b"[..]))));
    assert_eq!(batch.payload_len(), 7);
    assert_eq!(batch.take(), Some(Ok(Message::text("own"))));
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Binary(b"own"))));
    assert!(!batch.is_empty());
    assert_eq!(batch.take(), Some(Ok(Message::text("c"))));
    assert!(batch.is_empty());
    assert_eq!((batch.take(), batch.payload_len()), (None, 0));
    assert_eq!(batch.lend(), None);
}

#[test]
fn what_is_in_memory_of_its_own_is_taken_without_a_copy() {
    let message = Message::binary(vec![7; 100]);
    let place = message.as_bytes().as_ptr();
    let mut batch = Contents::default();
    batch.push(Assembled::own(message));
    assert_eq!(batch.take().unwrap().unwrap().as_bytes().as_ptr(), place);
}

#[test]
fn is_memory_again_when_it_was_cleared() {
    let mut batch = stored(b"ab", &[(Text, 0..1)]);
    assert!(batch.take().is_some());
    batch.clear();
    assert_eq!((batch.capacity(), batch.is_empty(), batch.lend()), (2, true, None));
    batch.push(Assembled::Stored(Text, 1..2));
    assert_eq!(batch.take(), Some(Ok(Message::text("b"))));
}

#[test]
fn a_text_that_is_not_utf8_is_an_error_and_the_last_message() {
    for keep in [false, true] {
        let mut batch = stored(b"a\xffb", &[(Text, 0..1), (Text, 1..2), (Text, 2..3)]);
        assert!(batch.lend().unwrap().is_ok());
        let wrong = match keep {
            true => batch.take().unwrap().unwrap_err(),
            false => batch.lend().unwrap().unwrap_err(),
        };
        assert_eq!(wrong, WRONG);
        assert!(batch.is_empty() && batch.lend().is_none());
    }
}

#[test]
fn repairs_texts_where_the_draft_says_so() {
    let mut batch = stored(b"a\xffb", &[(Text, 0..3), (Text, 0..3), (Binary, 1..2)]);
    batch.set_invalid_text(InvalidText::Replace);
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Text("a\u{fffd}b"))));
    assert_eq!(batch.own(), Ok(()));
    assert_eq!(batch.take(), Some(Ok(Message::text("a\u{fffd}b"))));
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Binary(b"\xff"))));
}

#[test]
fn keeps_what_came_before_a_text_that_is_wrong() {
    let mut batch = stored(b"a\xff", &[(Binary, 1..2), (Text, 0..1), (Text, 0..2), (Text, 0..1)]);
    assert_eq!(batch.own(), Err(WRONG));
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Binary(b"\xff"))));
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Text("a"))));
    assert_eq!(batch.lend(), None);
}

#[test]
fn messages_that_were_copied_out_need_no_storage() {
    let mut batch = stored(b"ab", &[(Text, 1..2), (Text, 0..1), (Binary, 1..2)]);
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Text("b"))));
    let mut messages = Contents::default();
    messages.append(&mut batch).unwrap();
    assert_eq!((batch.capacity(), batch.is_empty(), messages.capacity()), (2, true, 0));
    batch.storage.fill(0);
    assert_eq!(messages.take(), Some(Ok(Message::text("a"))));
    assert_eq!(messages.lend(), Some(Ok(MessageRef::Binary(b"b"))));
    assert!(messages.is_empty());
}
