//! Property test: messages are received as they were sent, however they are fragmented and cut.

use proptest::prelude::*;

use super::*;
use crate::conformance::receive_all;
use crate::frame::FrameHeader;

/// The size of the receive buffer: little more than one control frame, so that it cuts messages.
const STORAGE: usize = 160;

/// A message, where it is cut into fragments, and the pings after each fragment but the last.
#[derive(Debug, Clone)]
struct Sent {
    message: Message,
    cuts: Vec<usize>,
    pings: Vec<Vec<u8>>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let text = proptest::collection::vec(any::<char>(), 0..120)
        .prop_map(|chars| Message::text(String::from_iter(chars)));
    let binary = proptest::collection::vec(any::<u8>(), 0..400).prop_map(Message::binary);
    let cuts = proptest::collection::vec(0..400_usize, 0..4);
    let ping = proptest::collection::vec(any::<u8>(), 0..=MAX_CONTROL_PAYLOAD);
    let pings = proptest::collection::vec(ping, 0..3);
    (prop_oneof![text, binary], cuts, pings).prop_map(|(message, mut cuts, pings)| {
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(message.as_bytes().len()));
        cuts.sort_unstable();
        Sent { message, cuts, pings }
    })
}

fn put(opcode: OpCode, fin: bool, payload: &[u8], key: u32, wire: &mut Vec<u8>) {
    let key = MaskingKey::new(key.to_be_bytes());
    let header = FrameHeader {
        fin,
        reserved: 0,
        opcode: opcode.bits(),
        key: Some(key),
        len: payload.len() as u64,
    };
    header.append(wire);
    let start = wire.len();
    wire.extend_from_slice(payload);
    key.apply(&mut wire[start..]);
}

/// Appends the frames of a message, and pings between them.
fn encode(sent: &Sent, key: u32, wire: &mut Vec<u8>) {
    let payload = sent.message.as_bytes();
    let mut opcode = MessageRef::from(&sent.message).kind().opcode();
    let mut start = 0;
    for cut in &sent.cuts {
        put(opcode, false, &payload[start..*cut], key, wire);
        for ping in &sent.pings {
            put(OpCode::Ping, true, ping, key, wire);
        }
        (opcode, start) = (OpCode::Continuation, *cut);
    }
    put(opcode, true, &payload[start..], key, wire);
}

proptest! {
    #[test]
    fn messages_come_out_as_they_were_sent(
        sent in proptest::collection::vec(sent(), 0..6),
        reads in proptest::collection::vec((1..=STORAGE, any::<bool>()), 1..12),
        key in any::<u32>(),
    ) {
        let mut wire = Vec::new();
        sent.iter().for_each(|sent| encode(sent, key, &mut wire));
        let mut end = End::hybi(Timeouts::default());
        let (mut rest, mut received) = (wire.as_slice(), Vec::new());
        for (size, give_away) in reads.iter().cycle() {
            if *give_away {
                drop(end.connection.reclaim().unwrap());
            }
            let (read, behind) = rest.split_at(rest.len().min(*size));
            receive_all(&mut end.connection, read, STORAGE, &mut received).unwrap();
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        let messages: Vec<_> = sent.iter().map(|sent| sent.message.clone()).collect();
        prop_assert_eq!(received, messages);
        let mut pongs = Vec::new();
        for sent in &sent {
            for ping in sent.cuts.iter().flat_map(|_| &sent.pings) {
                pongs.extend_from_slice(&[0x8a, ping.len() as u8]);
                pongs.extend_from_slice(ping);
            }
        }
        prop_assert_eq!(end.sent(), pongs);
        prop_assert!(!end.connection.is_within_message());
        prop_assert!(!end.connection.has_unread());
    }
}
