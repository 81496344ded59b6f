//! Property test: messages are received as they were sent, with any parameters and any cuts.

use super::distances::farthest;
use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ws_core::deflate::Context;

/// Texts of repeated words, which refer to each other, and random bytes.
fn message() -> impl Strategy<Value = Message> {
    let word = prop_oneof![Just("market"), Just("price"), Just("\u{e9}t\u{e9}"), Just("{}")];
    let text =
        proptest::collection::vec(word, 0..2000).prop_map(|words| Message::text(words.concat()));
    let noise = proptest::collection::vec(any::<u8>(), 0..3000).prop_map(Message::binary);
    let long =
        (any::<u8>(), 0..200_000_usize).prop_map(|(byte, len)| Message::binary(vec![byte; len]));
    prop_oneof![4 => text, 2 => noise, 1 => long]
}

fn context() -> impl Strategy<Value = Context> {
    prop_oneof![Just(Context::TakeOver), Just(Context::PerMessage)]
}

fn deflate() -> impl Strategy<Value = Deflate> {
    (1..=9_u8, 0..200_usize, 8..=15_u8, 8..=15_u8, context(), context()).prop_map(
        |(level, min_size, server_bits, client_bits, server_context, client_context)| {
            Deflate::new()
                .level(level)
                .min_size(min_size)
                .server_window_bits(server_bits)
                .client_window_bits(client_bits)
                .server_context(server_context)
                .client_context(client_context)
        },
    )
}

/// The same message in other frames, as an intermediary may fragment it (RFC 6455 §5.4), with pings
/// between them.
fn refragmented(frame: &[u8], sizes: &[usize]) -> Vec<u8> {
    let parsed = FrameHeader::parse(frame).unwrap().unwrap();
    let mut payload = frame[parsed.size..].to_vec();
    if let Some(key) = parsed.header.key {
        key.apply(&mut payload);
    }
    let (mut wire, mut rest) = (Vec::new(), &payload[..]);
    let (mut first, mut sizes) = (frame[0] & 0x7f, sizes.iter().cycle());
    loop {
        let (piece, behind) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        rest = behind;
        let fin = if rest.is_empty() { 0x80 } else { 0 };
        wire.extend(put(fin | first, piece, parsed.header.key));
        if rest.is_empty() {
            return wire;
        }
        wire.extend(put(0x89, b"?", parsed.header.key));
        first = 0;
    }
}

fn put(first: u8, payload: &[u8], key: Option<MaskingKey>) -> Vec<u8> {
    match key {
        Some(_) => masked(first, payload),
        None => {
            let mut end = [first, 127, 0, 0, 0, 0, 0, 0, 0, 0].to_vec();
            end[2..].copy_from_slice(&(payload.len() as u64).to_be_bytes());
            if payload.len() < 65536 {
                end.splice(1..10, [126, (payload.len() >> 8) as u8, payload.len() as u8]);
            }
            if payload.len() < 126 {
                end.splice(1..4, [payload.len() as u8]);
            }
            end.extend_from_slice(payload);
            end
        }
    }
}

fn carry(
    from: &mut End,
    to: &mut End,
    message: &Message,
    frames: &[usize],
    reads: &[usize],
) -> Result<(), TestCaseError> {
    let wire = refragmented(&from.say(message), frames);
    let heard = to.hear_cut(&wire, reads);
    to.connection.discard_unsent();
    prop_assert_eq!(heard.as_deref(), Ok(&[message.clone()][..]));
    Ok(())
}

/// Messages and whether the server sends each, the sizes of frames, and the sizes of reads.
type Conversation = (Vec<(Message, bool)>, Vec<usize>, Vec<usize>);

fn conversation(messages: std::ops::Range<usize>) -> impl Strategy<Value = Conversation> {
    use proptest::collection::vec;
    (vec((message(), any::<bool>()), messages), vec(1..5000_usize, 1..4), vec(1..5000_usize, 1..4))
}

/// Plays the conversation on two connections, which share the worker's compressors.
fn hold(client: &Deflate, server: &Deflate, said: &Conversation) -> Result<(), TestCaseError> {
    let (messages, frames, reads) = said;
    let mut pairs = [End::pair(client, server), End::pair(client, server)];
    for (message, from_server) in messages {
        for (client, server) in &mut pairs {
            let (from, to) = if *from_server { (server, client) } else { (client, server) };
            carry(from, to, message, frames, reads)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_ways_whatever_was_agreed_on(
        client in deflate(),
        server in deflate(),
        said in conversation(1..8),
    ) {
        hold(&client, &server, &said)?;
    }
}

#[test]
fn both_ways_in_every_combination_of_parameters() {
    let mut runner = TestRunner::deterministic();
    let contexts = [Context::TakeOver, Context::PerMessage];
    for (server_bits, client_bits) in (8..=15).flat_map(|s| (8..=15).map(move |c| (s, c))) {
        for (server_context, client_context) in
            contexts.into_iter().flat_map(|s| contexts.into_iter().map(move |c| (s, c)))
        {
            let deflate = eager()
                .server_window_bits(server_bits)
                .client_window_bits(client_bits)
                .server_context(server_context)
                .client_context(client_context);
            let said = conversation(2..4).new_tree(&mut runner).unwrap().current();
            let outcome = hold(&deflate, &deflate, &said);
            assert!(outcome.is_ok(), "{deflate:?}: {outcome:?}");
        }
    }
}

/// Libraries do not have a window of 256 bytes (8 bits): distances must be within it nevertheless.
#[test]
fn a_server_keeps_within_the_window_that_was_asked_for() {
    // Digits, which always become shorter, and repeat after about 20 KB.
    let cubes = (0..10_000_u64).map(|n| n % 4000).map(|n| n * n * n % 65_521);
    let text: String = cubes.map(|cube| format!("{cube} ")).collect();
    for level in [1, 2, 3, 6, 9] {
        let mut before = 0;
        for bits in 8..=15_u8 {
            let offer = format!("permessage-deflate; server_max_window_bits={bits}");
            let accepted = accept(&eager().level(level).server_window_bits(15), &offer).unwrap();
            assert_eq!(accepted.response, offer);
            let mut end = End::new(Role::Server, accepted.transform);
            let distances = text.as_bytes().chunks(900).map(|message| {
                let frame = end.say(message);
                let size = FrameHeader::parse(&frame).unwrap().unwrap().size;
                assert_eq!(frame[0], 0xc2);
                farthest(&[&frame[size..], &[0x00, 0x00, 0xff, 0xff]].concat())
            });
            let farthest = distances.max().unwrap();
            assert!(farthest <= 1 << bits, "level {level}, {bits} bits: {farthest}");
            assert!(farthest >= before, "level {level}, {bits} bits: {farthest}");
            before = farthest;
        }
        assert!(before > 1 << 14, "a wide window is not used at level {level}: {before}");
    }
}
