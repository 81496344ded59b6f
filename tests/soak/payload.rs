//! The payload of a message: its connection and its number, then bytes that are derived from both.
//! An echo is compared in full.

use crate::random::Random;

/// The size of the words that a payload is made of.
const WORD: usize = 8;

/// The kind of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Text,
    /// Repetitive text, which compresses well.
    Repetitive,
    Binary,
}

impl Look {
    pub(crate) fn is_text(self) -> bool {
        self != Look::Binary
    }
}

/// The payload of message `number` of a connection.
pub(crate) fn payload(connection: u64, number: u32, look: Look, len: usize) -> Vec<u8> {
    let mut payload = label(connection, number).into_bytes();
    let mut random = Random::of(&[connection, u64::from(number)]);
    while payload.len() < len {
        let word = match look {
            Look::Binary => random.next().to_le_bytes(),
            Look::Text => text_word(random.next()),
            Look::Repetitive => text_word(random.below(7)),
        };
        // A word is complete characters; only ASCII is split.
        let room = len - payload.len();
        if room >= WORD {
            payload.extend_from_slice(&word);
        } else {
            payload.resize(len, b'.');
        }
    }
    payload.truncate(len);
    payload
}

fn label(connection: u64, number: u32) -> String {
    format!("{connection:016x}/{number:06x}/")
}

/// Eight bytes of text; one word in sixteen has characters of one, two and three bytes.
fn text_word(random: u64) -> [u8; WORD] {
    if random & 0xf == 0 {
        let mut word = *"aé€é".as_bytes().first_chunk().unwrap_or(b"........");
        word[0] = b'a' + (random >> 8) as u8 % 26;
        return word;
    }
    (random >> 4).to_le_bytes().map(|byte| b'0' + (byte & 0x3f))
}

/// How `found`, at offset `at` of a payload, differs from the expected bytes; `None` if it does
/// not.
pub(crate) fn difference(expected: &[u8], at: usize, found: &[u8]) -> Option<String> {
    let expected = expected.get(at..)?;
    let first = expected.iter().zip(found).position(|(expected, found)| expected != found)?;
    let shown = |bytes: &[u8]| {
        let end = bytes.len().min(first + 32);
        String::from_utf8_lossy(&bytes[first.min(end)..end]).into_owned()
    };
    Some(format!(
        "byte {} of {} differs: expected {:?}, found {:?}; the message begins with {:?}",
        at + first,
        at + expected.len(),
        shown(expected),
        shown(found),
        String::from_utf8_lossy(&found[..found.len().min(24)]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_of_every_length_is_what_it_claims_to_be() {
        for len in 0..300 {
            for look in [Look::Text, Look::Repetitive, Look::Binary] {
                let payload = payload(7, 3, look, len);
                assert_eq!(payload.len(), len);
                assert!(!look.is_text() || std::str::from_utf8(&payload).is_ok(), "{look:?} {len}");
            }
        }
    }

    #[test]
    fn no_two_messages_say_the_same() {
        let said = |connection, number| payload(connection, number, Look::Text, 500);
        assert_eq!(said(1, 1), said(1, 1));
        assert!(difference(&said(1, 1), 0, &said(1, 2)).is_some());
        assert!(difference(&said(1, 1), 0, &said(2, 1)).is_some());
    }

    #[test]
    fn one_byte_that_differs_is_named() {
        let expected = payload(1, 1, Look::Text, 500);
        let mut found = expected.clone();
        found[400] ^= 1;
        assert_eq!(difference(&expected, 0, &expected), None);
        let words = difference(&expected, 100, &found[100..]).unwrap();
        assert!(words.starts_with("byte 400 of 500 differs"), "{words}");
    }
}
