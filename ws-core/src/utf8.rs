//! Validation of UTF-8, also while it arrives.

/// The text in `bytes`, if they are UTF-8.
#[inline]
pub fn validate(bytes: &[u8]) -> Option<&str> {
    simdutf8::basic::from_utf8(bytes).ok()
}

/// Bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidUtf8;

/// Checks a text that arrives in pieces, wherever they are cut.
///
/// An incomplete sequence at the end of a piece is stored, at most three bytes, and refused as soon
/// as no continuation can make it valid.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Utf8Checker {
    /// The incomplete sequence.
    open: [u8; 4],
    /// The length of the incomplete sequence: 0 to 3 between two calls.
    len: u8,
}

impl Utf8Checker {
    /// A checker at the start of a text.
    pub const fn new() -> Utf8Checker {
        Utf8Checker { open: [0; 4], len: 0 }
    }

    /// Checks the next piece. Returns the text that is known to be valid now: a character that
    /// earlier pieces began, and after it the rest of this piece up to its last complete character.
    ///
    /// # Errors
    /// [`InvalidUtf8`] when no continuation can make the text valid.
    pub fn push<'p>(&mut self, piece: &'p [u8]) -> Result<(Option<char>, &'p str), InvalidUtf8> {
        let (begun, piece) = self.complete(piece)?;
        let (whole, open) = piece.split_at(piece.len() - open_len(piece));
        let text = validate(whole).ok_or(InvalidUtf8)?;
        if !open.is_empty() {
            self.hold(open)?;
        }
        Ok((begun, text))
    }

    /// Whether the text so far ends within a character.
    pub fn is_open(&self) -> bool {
        self.len > 0
    }

    /// The bytes of the incomplete character at the end of the text so far.
    pub fn open(&self) -> &[u8] {
        &self.open[..usize::from(self.len)]
    }

    /// Completes the stored sequence from the front of `piece`.
    fn complete<'p>(
        &mut self,
        mut piece: &'p [u8],
    ) -> Result<(Option<char>, &'p [u8]), InvalidUtf8> {
        while self.is_open() {
            let Some((byte, rest)) = piece.split_first() else {
                return Ok((None, piece));
            };
            piece = rest;
            self.open[usize::from(self.len)] = *byte;
            self.len += 1;
            match std::str::from_utf8(self.open()) {
                Ok(text) => {
                    let begun = text.chars().next();
                    self.len = 0;
                    return Ok((begun, piece));
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(InvalidUtf8),
            }
        }
        Ok((None, piece))
    }

    /// Stores an incomplete sequence, if a continuation can make it valid.
    fn hold(&mut self, open: &[u8]) -> Result<(), InvalidUtf8> {
        match std::str::from_utf8(open) {
            Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() => {
                self.open[..open.len()].copy_from_slice(open);
                self.len = open.len() as u8;
                Ok(())
            }
            _ => Err(InvalidUtf8),
        }
    }
}

/// The length of the incomplete sequence at the end of `bytes`, according to its first byte.
fn open_len(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let width = match bytes[bytes.len() - back] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if width > back { back } else { 0 };
    }
    0
}

/// Repairs a text that arrives in pieces: each invalid sequence becomes U+FFFD, as if the
/// whole text was passed to [`String::from_utf8_lossy`].
#[derive(Debug, Default, Clone)]
pub struct Utf8Repairer {
    /// The incomplete sequence at the end of the text so far.
    open: Vec<u8>,
}

impl Utf8Repairer {
    /// Appends to `text` what this piece completes.
    pub fn push(&mut self, piece: &[u8], text: &mut Vec<u8>) {
        let mut joined = std::mem::take(&mut self.open);
        joined.extend_from_slice(piece);
        let mut chunks = joined.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.extend_from_slice(chunk.valid().as_bytes());
            let last = chunks.peek().is_none();
            if last && open_len(&joined) == chunk.invalid().len() {
                self.open = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
    }

    /// Ends the text: an incomplete sequence becomes U+FFFD.
    pub fn finish(&mut self, text: &mut Vec<u8>) {
        if !std::mem::take(&mut self.open).is_empty() {
            text.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]]) -> Result<String, InvalidUtf8> {
        let mut checker = Utf8Checker::new();
        let mut text = String::new();
        for piece in pieces {
            let (begun, rest) = checker.push(piece)?;
            text.extend(begun);
            text.push_str(rest);
        }
        if checker.is_open() { Err(InvalidUtf8) } else { Ok(text) }
    }

    fn repair(pieces: &[&[u8]]) -> String {
        let mut repairer = Utf8Repairer::default();
        let mut text = Vec::new();
        pieces.iter().for_each(|piece| repairer.push(piece, &mut text));
        repairer.finish(&mut text);
        String::from_utf8(text).unwrap()
    }

    const TEXTS: [&[u8]; 14] = [
        b"",
        b"hello",
        "h\u{e9}llo \u{20ac} \u{1f600}\u{ffff}".as_bytes(),
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"a\x80",
        b"a\xe2\x82",
        b"a\xe2\x82b",
        b"\xf0\x9f\x98",
        b"\xe2\x28\xa1",
        b"\xff\xfe",
        b"\xf0\x9f\xf0\x9f\x98\x80\xe2",
    ];

    #[test]
    fn judges_a_text_alike_wherever_it_is_cut() {
        for text in TEXTS {
            let whole = std::str::from_utf8(text).map(str::to_owned).map_err(|_| InvalidUtf8);
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    assert_eq!(check(&pieces), whole, "{pieces:x?}");
                }
            }
        }
    }

    #[test]
    fn repairs_a_text_alike_wherever_it_is_cut() {
        for text in TEXTS {
            let whole = String::from_utf8_lossy(text).into_owned();
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    assert_eq!(repair(&pieces), whole, "{pieces:x?}");
                }
            }
        }
    }

    #[test]
    fn fails_as_soon_as_nothing_can_make_the_text_valid() {
        let mut checker = Utf8Checker::new();
        assert!(checker.push(b"\xf4").is_ok());
        assert_eq!(checker.push(b"\x90"), Err(InvalidUtf8));
        assert_eq!(Utf8Checker::new().push(b"\xed\xa0"), Err(InvalidUtf8));
    }
}
