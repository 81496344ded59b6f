//! The memory that bytes are received into, and the memory that a connection allocates.

use super::*;

/// The header of a client's frame of `len` bytes, with a masking key of zeros.
fn header(first: u8, len: u64) -> Vec<u8> {
    [&[first, 0xff][..], &len.to_be_bytes(), &[0; 4]].concat()
}

/// Where the next bytes are read to: how many fit, and whether they are appended to a message.
fn room(end: &mut End) -> (usize, bool) {
    match end.connection.receive_buffer().unwrap() {
        ReceiveBuffer::Spare(spare) => (spare.len(), false),
        ReceiveBuffer::Append { message, limit } => {
            let room = message.capacity() - message.len();
            (usize::try_from(limit).unwrap().min(room), true)
        }
    }
}

fn starved(end: &mut End) {
    let received = end.connection.receive_messages(Untaken::Nothing);
    assert!(matches!(received, Ok(Received::Starved)), "{received:?}");
}

const LONG: usize = 300_000;

#[test]
fn the_rest_of_a_long_message_is_received_where_it_stays() {
    let mut end = end();
    let payload: Vec<u8> = (0..LONG).map(|at| (at * 7) as u8).collect();
    let key = MaskingKey::new([1, 2, 3, 4]);
    let mut wire = [&header(0x82, LONG as u64)[..10], &[1, 2, 3, 4], &payload].concat();
    key.apply(&mut wire[14..]);
    end.hear(&wire[..100]);
    let mut socket = &wire[100..];
    starved(&mut end);
    drop(end.connection.reclaim().unwrap());
    let mut most = 0;
    while !socket.is_empty() {
        assert!(end.connection.reads_into_message().unwrap() && !end.connection.has_storage());
        let read = receive_from(&mut end.connection, &mut &socket[..socket.len().min(9000)]);
        socket = &socket[read.unwrap()..];
        assert!(end.connection.has_unread() && !end.connection.reads_into_message().unwrap());
        most = most.max(end.connection.held());
        if socket.len() < 64 * 1024 {
            break;
        }
        starved(&mut end);
        assert!(!end.connection.has_unread());
    }
    // A short rest is read into the lent buffer again.
    starved(&mut end);
    assert_eq!(room(&mut end), (0, false), "no buffer is lent");
    while !socket.is_empty() {
        end.connection.lend(Batch::new(vec![0; STORAGE].into()));
        receive_from(&mut end.connection, &mut socket).unwrap();
        if !socket.is_empty() {
            starved(&mut end);
            drop(end.connection.reclaim().unwrap());
        }
    }
    let mut batch = end.batch();
    let message = batch.take().unwrap().unwrap();
    assert!(message.as_bytes() == payload, "not the message that was sent");
    assert!(batch.is_empty() && end.connection.held() == 0);
    assert!(most <= 4 * LONG, "{most} bytes are held");
}

#[test]
fn a_message_that_ends_where_it_stays_comes_whole_without_any_memory_lent() {
    let mut end = end();
    end.hear(&header(0x82, 100_000));
    starved(&mut end);
    drop(end.connection.reclaim().unwrap());
    let payload = vec![7; 100_000];
    let (mut socket, mut reads) = (&payload[..], 0);
    let mut batch = loop {
        assert!(receive_from(&mut end.connection, &mut socket).unwrap() > 0);
        reads += 1;
        match end.connection.receive_messages(Untaken::Nothing).unwrap() {
            Received::Data(batch) => break batch,
            other => assert_eq!(format!("{other:?}"), "Starved"),
        }
    };
    assert_eq!((reads, batch.capacity(), batch.payload_len()), (1, 0, 100_000));
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Binary(&payload))));
    assert!(!end.connection.is_within_message() && !end.connection.has_storage());
}

#[test]
fn memory_follows_what_has_arrived_and_not_what_is_announced() {
    let mut end = end();
    end.hear(&[header(0x82, 1 << 20), vec![0; 100]].concat());
    starved(&mut end);
    assert!(room(&mut end).1);
    assert!(end.connection.held() <= 4 * 64 * 1024, "{} bytes", end.connection.held());
    let mut arrived = 100;
    while arrived < (1 << 20) - (64 << 10) {
        let piece = vec![0; room(&mut end).0.min(40_000)];
        arrived += receive_from(&mut end.connection, &mut &piece[..]).unwrap();
        let most = 5 * arrived.max(64 << 10);
        assert!(end.connection.held() <= most, "{} for {arrived}", end.connection.held());
        starved(&mut end);
    }
}

#[test]
fn texts_and_what_is_short_are_received_into_what_was_lent() {
    for (first, len) in [(0x81, 100_000), (0x82, (64 << 10) - 1)] {
        let mut end = end();
        end.hear(&header(first, len));
        starved(&mut end);
        assert!(!end.connection.reads_into_message().unwrap());
        let (room, behind) = room(&mut end);
        assert!(room > 0 && !behind);
    }
}

#[test]
fn counts_what_it_holds_of_its_own() {
    let mut end = end();
    assert_eq!(end.connection.held(), 0);
    end.hear(&masked(0x82, b"abc")[..5]);
    starved(&mut end);
    drop(end.connection.reclaim().unwrap());
    assert_eq!(end.connection.held(), 5, "the beginning of a header");
    end.hear(&masked(0x82, b"abc")[5..8]);
    starved(&mut end);
    drop(end.connection.reclaim().unwrap());
    let message = end.connection.held();
    assert!((2..=8).contains(&message), "two bytes of a message: {message}");
    end.text("out").unwrap();
    assert!(end.connection.held() >= message + 5);
    end.sent();
    drop(end.connection.discard_received());
    assert_eq!(end.connection.held(), 0);
    assert_eq!(end.connection.take_work(), Work::default());
}

#[test]
fn memory_goes_with_its_messages_and_comes_back_empty() {
    let mut end = end();
    end.hear(&[masked(0x81, b"a"), masked(0x82, b"b"), masked(0x81, b"half")[..8].into()].concat());
    let mut batch = end.batch();
    assert_eq!((batch.capacity(), end.connection.has_storage()), (STORAGE, false));
    assert_eq!(batch.payload_len(), 2);
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Text("a"))));
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Binary(b"b"))));
    assert_eq!(batch.lend(), None);
    batch.clear();
    end.connection.lend(batch);
    end.hear(&masked(0x81, b"half")[8..]);
    assert_eq!(end.batch().take(), Some(Ok(Message::text("half"))));
}

#[test]
fn memory_stays_where_much_is_undecoded_and_the_messages_go_without_it() {
    let behind = vec![0; 5000];
    for (wrong, told) in [(false, "Closed"), (true, "InvalidUtf8")] {
        let mut end = end();
        end.connection.lend(Batch::new(vec![0; 8192].into()));
        let second = if wrong { &b"\xff"[..] } else { b"b" };
        let wire = [masked(0x81, b"a"), masked(0x81, second), masked(0x88, b""), behind.clone()];
        end.hear(&wire.concat());
        let mut batch = end.batch();
        assert_eq!((batch.capacity(), end.connection.has_storage()), (0, true));
        assert_eq!(batch.lend(), Some(Ok(MessageRef::Text("a"))));
        if !wrong {
            assert_eq!(batch.take(), Some(Ok(Message::text("b"))));
        }
        assert!(batch.is_empty());
        let outcome = end.connection.receive_messages(Untaken::Nothing);
        assert!(format!("{outcome:?}").contains(told), "{outcome:?}");
        assert_eq!(end.connection.discard_received().map(|memory| memory.capacity()), Some(8192));
    }
}

#[test]
fn a_text_that_cannot_become_utf8_fails_where_its_memory_is_taken_back() {
    let mut end = end();
    end.hear(&masked(0x81, b"\xff more")[..7]);
    starved(&mut end);
    assert_eq!(end.connection.reclaim().unwrap_err(), ProtocolError::InvalidUtf8);
    let told = |end: &mut End| end.connection.receive_messages(Untaken::Nothing).unwrap_err();
    assert_eq!(told(&mut end), ProtocolError::InvalidUtf8);
    assert!(end.connection.is_over());

    // Messages before it are consumed first, those of an earlier read included.
    let mut end = End::hybi(Timeouts::default());
    end.hear(&masked(0x81, b"a"));
    let mut batch = end.batch();
    end.hear(&masked(0x81, b"\xff more")[..7]);
    assert!(matches!(end.connection.receive_messages(Untaken::Some), Ok(Received::Starved)));
    assert_eq!(end.connection.reclaim().unwrap_err(), ProtocolError::InvalidUtf8);
    assert!(matches!(end.connection.receive_messages(Untaken::Some), Ok(Received::Held)));
    assert!(end.connection.is_open() && end.connection.reclaim().is_ok());
    assert_eq!(batch.lend(), Some(Ok(MessageRef::Text("a"))));
    assert_eq!(told(&mut end), ProtocolError::InvalidUtf8);

    let mut end = End::hybi(Timeouts::default());
    end.hear(&[&masked(0x81, b"a"), &masked(0x81, b"\xff more")[..7]].concat());
    assert_eq!(end.batch().lend(), Some(Ok(MessageRef::Text("a"))));
    assert!(end.connection.is_open());
    assert_eq!(told(&mut end), ProtocolError::InvalidUtf8);
}

#[test]
fn batches_of_long_messages_are_bounded() {
    let mut end = end();
    let message: Vec<u8> =
        [header(0x02, 40_000), vec![1; 40_000], header(0x80, 1), vec![2]].concat();
    end.connection.lend(Batch::new(vec![0; 256 << 10].into()));
    end.hear(&message.repeat(4));
    for _ in 0..2 {
        if !end.connection.has_storage() {
            end.connection.lend(Batch::new(vec![0; 256 << 10].into()));
        }
        let batch = end.batch();
        assert_eq!(batch.payload_len(), 2 * 40_001);
    }
    assert!(!end.connection.has_unread());
}
