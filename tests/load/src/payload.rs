//! The payloads of messages. They are the same in each run.

use crate::draft::Draft;

/// The kind of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Binary,
    Ascii,
    /// Text of characters of one to four bytes.
    Utf8,
    /// Text of JSON records.
    Json,
}

/// The options of messages and of the opening handshake.
#[derive(Debug, Clone)]
pub(crate) struct MessageOptions {
    pub(crate) draft: Draft,
    pub(crate) size: usize,
    pub(crate) content: Content,
    /// Payload bytes are counted, and not frames.
    pub(crate) stream: bool,
    pub(crate) fragments: usize,
    /// Each message begins with its place in the cycle.
    pub(crate) numbered: bool,
    /// Compression, and whether it uses context takeover.
    pub(crate) deflate: Option<bool>,
    pub(crate) path: String,
    pub(crate) protocol: Option<String>,
    pub(crate) origin: String,
}

impl Default for MessageOptions {
    fn default() -> MessageOptions {
        MessageOptions {
            draft: Draft::Rfc6455,
            size: 125,
            content: Content::Binary,
            stream: false,
            fragments: 1,
            numbered: false,
            deflate: None,
            path: "/".to_owned(),
            protocol: None,
            origin: "http://127.0.0.1".to_owned(),
        }
    }
}

/// A xorshift generator with one seed.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        Random(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn pick(&mut self, among: &[&'static str]) -> &'static str {
        among[(self.next() >> 33) as usize % among.len()]
    }
}

/// A payload of `size` bytes.
pub(crate) fn payload(content: Content, size: usize, random: &mut Random) -> Vec<u8> {
    let mut payload = Vec::with_capacity(size + 256);
    while payload.len() < size {
        match content {
            Content::Binary => payload.extend_from_slice(&random.next().to_le_bytes()),
            Content::Ascii => payload.push(b' ' + ((random.next() >> 33) % 95) as u8),
            Content::Utf8 => {
                let character = random.pick(&["a", "é", "漢", "😀", "ж", "z "]);
                match payload.len() + character.len() <= size {
                    true => payload.extend_from_slice(character.as_bytes()),
                    false => payload.push(b'.'),
                }
            }
            Content::Json => payload.extend_from_slice(record(random).as_bytes()),
        }
    }
    payload.truncate(size);
    payload
}

const NAMES: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
const WORDS: [&str; 12] = [
    "order", "filled", "price", "update", "ticker", "volume", "market", "limit", "cancel", "trade",
    "depth", "snapshot",
];

fn record(random: &mut Random) -> String {
    let bits = random.next();
    let word = |shift: u32| WORDS[(bits >> shift) as usize % WORDS.len()];
    format!(
        "{{\"id\":{},\"user\":\"{}\",\"event\":\"{}.{}\",\"price\":{}.{:02},\"ts\":{},\"ok\":{},\
         \"note\":\"{} {} {}\"}},",
        bits % 1_000_000,
        NAMES[(bits >> 20) as usize % NAMES.len()],
        word(24),
        word(28),
        (bits >> 32) % 5000,
        (bits >> 45) % 100,
        1_700_000_000_000 + bits % 100_000_000,
        bits & 1 == 0,
        word(50),
        word(54),
        word(58),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_have_their_size_and_are_text_where_they_should_be() {
        for content in [Content::Binary, Content::Ascii, Content::Utf8, Content::Json] {
            for size in [0, 1, 2, 3, 125, 1024, 65536] {
                let payload = payload(content, size, &mut Random::new());
                assert_eq!(payload.len(), size);
                assert!(content == Content::Binary || std::str::from_utf8(&payload).is_ok());
            }
        }
    }
}
