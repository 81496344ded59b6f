//! Reassembly: tests of the assembler, called as a connection calls it.

use std::ops::Range;

use super::*;
use crate::connection::assembler::{Assembler, Data};
use crate::message::Contents;

const LIMIT: usize = 8;

/// A buffer with received bytes, and an assembler of the fragments in it.
struct Wire {
    buffer: ReadBuffer,
    assembler: Assembler,
}

impl Wire {
    fn new(bytes: &[u8], invalid_text: InvalidText) -> Wire {
        let mut batch = Batch::new(bytes.into());
        batch.contents_mut().set_invalid_text(invalid_text);
        let mut buffer = ReadBuffer::default();
        buffer.lend(batch);
        Wire { buffer, assembler: Assembler::new(invalid_text) }
    }

    /// Returns whether the fragment completes a message.
    fn push(&mut self, data: Data) -> Result<bool, ProtocolError> {
        let assembled = self.assembler.push(data, &self.buffer, LIMIT)?;
        let whole = assembled.is_some();
        if let Some(assembled) = assembled {
            self.batch().push(assembled);
        }
        Ok(whole)
    }

    fn batch(&mut self) -> &mut Contents {
        self.buffer.batch().unwrap()
    }

    fn lend(&mut self) -> Result<MessageRef<'_>, ProtocolError> {
        self.batch().lend().unwrap()
    }

    fn take(&mut self) -> Result<Message, ProtocolError> {
        self.batch().take().unwrap()
    }

    fn place(&self, range: Range<usize>) -> *const u8 {
        self.buffer.bytes(range).as_ptr()
    }
}

fn first(kind: MessageKind, payload: Range<usize>) -> Data {
    Data { kind, first: true, fin: false, payload, remaining: 0 }
}

fn next(kind: MessageKind, payload: Range<usize>) -> Data {
    Data { first: false, ..first(kind, payload) }
}

fn last(kind: MessageKind, payload: Range<usize>) -> Data {
    Data { fin: true, ..next(kind, payload) }
}

fn whole(kind: MessageKind, payload: Range<usize>) -> Data {
    Data { fin: true, ..first(kind, payload) }
}

use MessageKind::{Binary, Text};

#[test]
fn lends_a_whole_message_from_the_buffer() {
    let mut wire = Wire::new(b"..Hello", InvalidText::Fail);
    assert_eq!(wire.push(whole(Text, 2..7)), Ok(true));
    let place = wire.place(2..7);
    let Ok(MessageRef::Text(text)) = wire.lend() else { panic!("no text") };
    assert_eq!((text, text.as_ptr()), ("Hello", place));
    assert!(!wire.assembler.has_begun());
}

#[test]
fn lends_pieces_that_lie_side_by_side_without_a_copy() {
    let mut wire = Wire::new(b"abcdef", InvalidText::Fail);
    for _ in 0..2 {
        assert_eq!(wire.push(Data { remaining: 4, ..first(Binary, 0..2) }), Ok(false));
        assert!(wire.assembler.is_buffered());
        assert_eq!(wire.push(last(Binary, 2..6)), Ok(true));
        assert!(!wire.assembler.has_begun());
    }
    let place = wire.place(0..6);
    let Ok(MessageRef::Binary(bytes)) = wire.lend() else { panic!("no bytes") };
    assert_eq!((bytes, bytes.as_ptr()), (&b"abcdef"[..], place));
    assert_eq!(wire.take(), Ok(Message::binary(&b"abcdef"[..])));
    assert!(wire.batch().is_empty());
}

#[test]
fn joins_fragments_that_lie_apart() {
    let mut wire = Wire::new("h\u{e9}-l-lo".as_bytes(), InvalidText::Fail);
    for _ in 0..2 {
        assert_eq!(wire.push(first(Text, 0..2)), Ok(false));
        assert_eq!(wire.push(next(Text, 2..3)), Ok(false));
        assert_eq!(wire.push(next(Text, 4..5)), Ok(false));
        assert_eq!(wire.push(next(Text, 5..5)), Ok(false));
        assert_eq!(wire.push(last(Text, 6..8)), Ok(true));
    }
    assert_eq!(wire.lend(), Ok(MessageRef::Text("h\u{e9}llo")));
    assert_eq!(wire.take(), Ok(Message::text("h\u{e9}llo")));
}

#[test]
fn keeps_what_was_copied_out_when_the_buffer_is_used_again() {
    let mut wire = Wire::new(b"Hel", InvalidText::Fail);
    assert_eq!(wire.push(first(Text, 0..3)), Ok(false));
    wire.assembler.own(&wire.buffer).unwrap();
    wire.buffer.lend(Batch::new(b"lo.".to_vec().into()));
    assert_eq!(wire.push(last(Text, 0..2)), Ok(true));
    assert_eq!(wire.lend(), Ok(MessageRef::Text("Hello")));
}

#[test]
fn refuses_a_message_by_what_is_announced_not_by_what_has_come() {
    let too_big = Err(ProtocolError::MessageTooBig { limit: LIMIT });
    for remaining in [8, u64::MAX] {
        let mut wire = Wire::new(b"a", InvalidText::Fail);
        assert_eq!(wire.push(Data { remaining, ..first(Binary, 0..1) }), too_big);
    }
    let mut wire = Wire::new(b"12345678", InvalidText::Fail);
    assert_eq!(wire.push(first(Binary, 0..6)), Ok(false));
    assert_eq!(wire.push(Data { remaining: 1, ..next(Binary, 6..8) }), too_big);
    let mut wire = Wire::new(b"12345678", InvalidText::Fail);
    assert_eq!(wire.push(first(Binary, 0..6)), Ok(false));
    assert_eq!(wire.push(last(Binary, 6..8)), Ok(true));
}

#[test]
fn counts_the_bytes_of_an_open_character_against_the_limit() {
    let mut wire = Wire::new(b"1234567\xc3.\xa9", InvalidText::Fail);
    assert_eq!(wire.push(first(Text, 0..8)), Ok(false));
    let outcome = wire.push(last(Text, 9..10));
    assert_eq!(outcome, Err(ProtocolError::MessageTooBig { limit: LIMIT }));
}

#[test]
fn fails_as_soon_as_a_text_cannot_become_utf8() {
    let mut wire = Wire::new(b"a\xf4.\x90", InvalidText::Fail);
    assert_eq!(wire.push(first(Text, 0..2)), Ok(false));
    assert_eq!(wire.push(next(Text, 3..4)), Err(ProtocolError::InvalidUtf8));

    let mut wire = Wire::new(b"a\xff", InvalidText::Fail);
    assert_eq!(wire.push(Data { remaining: 1, ..first(Text, 0..2) }), Ok(false));
    assert_eq!(wire.assembler.own(&wire.buffer), Err(ProtocolError::InvalidUtf8));
}

#[test]
fn fails_a_text_that_ends_inside_a_character() {
    for cut in [0, 1, 2] {
        let mut wire = Wire::new(b"a\xe2\x82", InvalidText::Fail);
        assert_eq!(wire.push(first(Text, 0..cut)), Ok(false));
        assert_eq!(wire.push(last(Text, cut..3)), Err(ProtocolError::InvalidUtf8));

        // A text that is all in the buffer is checked when it is consumed.
        let mut wire = Wire::new(b"a\xe2\x82", InvalidText::Fail);
        let remaining = 3 - cut as u64;
        for _ in 0..2 {
            assert_eq!(wire.push(Data { remaining, ..first(Text, 0..cut) }), Ok(false));
            assert_eq!(wire.push(last(Text, cut..3)), Ok(true));
        }
        assert_eq!(wire.lend(), Err(ProtocolError::InvalidUtf8));
        assert!(wire.batch().is_empty(), "messages after it are not discarded");
    }
}

#[test]
fn does_not_look_for_utf8_in_binary_messages() {
    let mut wire = Wire::new(b"\xff.\xff", InvalidText::Fail);
    assert_eq!(wire.push(first(Binary, 0..1)), Ok(false));
    assert_eq!(wire.push(last(Binary, 2..3)), Ok(true));
    assert_eq!(wire.lend(), Ok(MessageRef::Binary(b"\xff\xff")));
}

#[test]
fn replaces_what_is_not_utf8_where_the_draft_says_so() {
    let mut wire = Wire::new(b"a\xffb.\xe2\x82.\xac", InvalidText::Replace);
    assert_eq!(wire.push(whole(Text, 0..3)), Ok(true));
    assert_eq!(wire.lend(), Ok(MessageRef::Text("a\u{fffd}b")));
    assert_eq!(wire.push(first(Text, 4..6)), Ok(false));
    assert_eq!(wire.push(last(Text, 7..8)), Ok(true));
    assert_eq!(wire.take(), Ok(Message::text("\u{20ac}")));
    assert_eq!(wire.push(whole(Text, 0..1)), Ok(true));
    let place = wire.place(0..1);
    let Ok(MessageRef::Text(text)) = wire.lend() else { panic!("no text") };
    assert_eq!((text, text.as_ptr()), ("a", place), "a valid text is copied");
}

#[test]
fn judges_the_text_of_a_fragment_before_what_follows_it() {
    let mut end = end();
    end.hear(&masked(0x01, b"\xff"));
    end.hear(&masked(0x89, b"not answered any more"));
    let came = end.connection.receive_messages(Untaken::Nothing);
    assert_eq!(came.unwrap_err(), ProtocolError::InvalidUtf8);
    assert_eq!(end.sent()[..4], [0x88, 2 + 24, 0x03, 0xef]);
}
