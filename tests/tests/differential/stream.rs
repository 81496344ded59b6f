//! Streams of frames of a client, valid and invalid.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A frame, valid or not.
#[derive(Debug, Clone)]
struct Frame {
    /// FIN, reserved bits and opcode.
    first: u8,
    length: Length,
    key: Option<[u8; 4]>,
    payload: Vec<u8>,
}

/// In how many bytes the length is encoded.
#[derive(Debug, Clone, Copy)]
enum Length {
    Shortest,
    Two,
    Eight,
    /// In eight, with the top bit set, which must be 0.
    TopBit,
}

/// A fault in one frame of a stream that is otherwise valid.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    Nothing,
    Unmask,
    Flip(u8),
    Length(Length),
    Repeat,
    Remove,
}

impl Frame {
    fn put(&self, wire: &mut Vec<u8>) {
        let len = self.payload.len();
        let length = match (self.length, len) {
            (Length::Shortest, 126..) => Length::Two,
            (length, _) => length,
        };
        wire.push(self.first);
        let mask = if self.key.is_some() { 0x80 } else { 0 };
        match length {
            Length::Shortest => wire.push(mask | len as u8),
            Length::Two => {
                wire.push(mask | 126);
                wire.extend_from_slice(&(len as u16).to_be_bytes());
            }
            Length::Eight | Length::TopBit => {
                wire.push(mask | 127);
                let top = if matches!(length, Length::TopBit) { 1 << 63 } else { 0 };
                wire.extend_from_slice(&(top | len as u64).to_be_bytes());
            }
        }
        let key = self.key.unwrap_or_default();
        wire.extend_from_slice(if self.key.is_some() { &key } else { &[] });
        wire.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}

/// Texts of characters at the boundaries of UTF-8, of which few are invalid.
fn text() -> impl Strategy<Value = Vec<u8>> {
    const VALID: [&[u8]; 10] = [
        b"a",
        b"Hello",
        &[b'x'; 97],
        b"\x00",
        "é".as_bytes(),
        "\u{7ff}\u{800}".as_bytes(),
        "\u{d7ff}\u{e000}".as_bytes(),
        "\u{fffe}\u{ffff}".as_bytes(),
        "\u{10000}".as_bytes(),
        "\u{10ffff}".as_bytes(),
    ];
    const INVALID: [&[u8]; 10] = [
        b"\x80",
        b"\xff",
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
        b"\xc3",
    ];
    let piece = prop_oneof![30 => select(&VALID[..]), 1 => select(&INVALID[..])];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn key() -> impl Strategy<Value = Option<[u8; 4]>> {
    prop_oneof![9 => any::<[u8; 4]>(), 1 => Just([0; 4])].prop_map(Some)
}

fn control() -> impl Strategy<Value = Frame> {
    let payload = proptest::collection::vec(any::<u8>(), 0..=125);
    (select(&[0x89, 0x8a][..]), payload, key()).prop_map(|(first, payload, key)| Frame {
        first,
        length: Length::Shortest,
        key,
        payload,
    })
}

fn close() -> impl Strategy<Value = Frame> {
    let code = prop_oneof![
        4 => select(&[1000, 1001, 1003, 1007, 1011, 1013, 1014, 3000, 3999, 4000, 4999][..]),
        1 => select(&[0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535][..]),
        1 => any::<u16>(),
    ];
    let coded = (code, text()).prop_map(|(code, mut text)| {
        text.truncate(123);
        [&code.to_be_bytes()[..], &text].concat()
    });
    let payload = prop_oneof![6 => coded, 1 => Just(vec![]), 1 => Just(vec![3])];
    (payload, key()).prop_map(|(payload, key)| Frame {
        first: 0x88,
        length: Length::Shortest,
        key,
        payload,
    })
}

/// A message in fragments that are cut anywhere, and control frames between them.
fn message() -> impl Strategy<Value = Vec<Frame>> {
    let binary = proptest::collection::vec(any::<u8>(), 0..300);
    let long = (120_usize..700).prop_map(|len| vec![7; len]);
    let content = prop_oneof![
        6 => text().prop_map(|text| (1, text)),
        4 => binary.prop_map(|bytes| (2, bytes)),
        1 => long.prop_map(|bytes| (2, bytes)),
    ];
    let cuts = proptest::collection::vec(any::<Index>(), 0..4);
    let between = proptest::collection::vec(control(), 0..2);
    (content, cuts, between, key()).prop_map(|((opcode, payload), cuts, between, key)| {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(payload.len());
        let (mut frames, mut start) = (Vec::new(), 0);
        for (n, cut) in cuts.iter().enumerate() {
            let fin = if n + 1 == cuts.len() { 0x80 } else { 0 };
            let opcode = if n == 0 { opcode } else { 0 };
            let payload = payload[start..*cut].to_vec();
            frames.push(Frame { first: fin | opcode, length: Length::Shortest, key, payload });
            if fin == 0 {
                frames.extend_from_slice(&between);
            }
            start = *cut;
        }
        frames
    })
}

fn wrong() -> impl Strategy<Value = Wrong> {
    prop_oneof![
        5 => Just(Wrong::Nothing),
        1 => Just(Wrong::Unmask),
        6 => (1..=u8::MAX).prop_map(Wrong::Flip),
        3 => (0..8_u32).prop_map(|bit| Wrong::Flip(1 << bit)),
        2 => select(&[Length::Two, Length::Eight, Length::TopBit][..]).prop_map(Wrong::Length),
        1 => Just(Wrong::Repeat),
        1 => Just(Wrong::Remove),
    ]
}

/// The bytes of a stream: messages, control frames, perhaps a Close, perhaps a fault in one frame,
/// perhaps truncated.
pub(crate) fn frames() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        8 => message(),
        3 => control().prop_map(|frame| vec![frame]),
        1 => close().prop_map(|frame| vec![frame]),
    ];
    let parts = proptest::collection::vec(part, 0..6);
    let cut = proptest::option::weighted(0.2, any::<Index>());
    (parts, any::<Index>(), wrong(), cut).prop_map(|(parts, at, wrong, cut)| {
        let mut frames = parts.concat();
        if !frames.is_empty() {
            spoil(&mut frames, at, wrong);
        }
        let mut wire = Vec::new();
        frames.iter().for_each(|frame| frame.put(&mut wire));
        if let Some(cut) = cut {
            wire.truncate(cut.index(wire.len() + 1));
        }
        wire
    })
}

fn spoil(frames: &mut Vec<Frame>, at: Index, wrong: Wrong) {
    let at = at.index(frames.len());
    let frame = &mut frames[at];
    match wrong {
        Wrong::Nothing => {}
        Wrong::Unmask => frame.key = None,
        Wrong::Flip(bits) => frame.first ^= bits,
        Wrong::Length(length) => frame.length = length,
        Wrong::Repeat => {
            let frame = frame.clone();
            frames.insert(at, frame);
        }
        Wrong::Remove => {
            frames.remove(at);
        }
    }
}
