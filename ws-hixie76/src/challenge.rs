//! The challenge of the opening handshake (hybi-00 §1.3 and §5.2).

use md5::{Digest, Md5};

/// The number in the value of `Sec-WebSocket-Key1` or `-Key2`: its digits, read as one number,
/// divided by the count of its spaces.
pub(crate) fn number(key: &[u8]) -> Result<u32, KeyError> {
    let mut digits = key.iter().filter(|byte| byte.is_ascii_digit()).peekable();
    if digits.peek().is_none() {
        return Err(KeyError::NoDigits);
    }
    let product = digits
        .try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
        .ok_or(KeyError::TooLarge)?;
    let spaces = key.iter().filter(|byte| **byte == b' ').count() as u64;
    match product.checked_rem(spaces) {
        None => Err(KeyError::NoSpaces),
        Some(0) => u32::try_from(product / spaces).map_err(|_| KeyError::TooLarge),
        Some(_) => Err(KeyError::Remainder),
    }
}

/// The answer of the server: the MD5 sum of both numbers, big-endian, and of the eight bytes after
/// the head.
pub(crate) fn answer(numbers: [u32; 2], key3: [u8; 8]) -> [u8; 16] {
    let [first, second] = numbers;
    Md5::new()
        .chain_update(first.to_be_bytes())
        .chain_update(second.to_be_bytes())
        .chain_update(key3)
        .finalize()
        .into()
}

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyError {
    NoDigits,
    NoSpaces,
    Remainder,
    TooLarge,
}

impl std::fmt::Display for KeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            KeyError::NoDigits => "has no digits",
            KeyError::NoSpaces => "has no spaces",
            KeyError::Remainder => "has a number that its count of spaces does not divide",
            KeyError::TooLarge => "has a number over 2^32 - 1",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_the_digits_by_the_spaces() {
        for (key, expected) in [
            ("4 @1  46546xW%0l 1 5", 829_309_203),
            ("12998 5 Y3 1  .P00", 259_970_620),
            ("18x 6]8vM;54 *(5:  {   U1]8  z [  8", 155_712_099),
            ("1_ tx7X d  <  nw  334J702) 7]o}` 0", 173_347_027),
            ("3e6b263  4 17 80", 906_585_445),
            ("17  9 G`ZD9   2 2b 7X 3 /r90", 179_922_739),
            ("P388 O503D&ul7 {K%gX( %7  15", 777_007_543),
            ("1 N ?|k UT0or 3o  4 I97N 5-S3O 31", 114_997_259),
            ("30  ;- 5=5 u 4 1  7336", 381_927_167),
            (":2 8 G(  07A 93Ql 3 *20 Ox0G'w", 350_991_650),
            ("4294967295 ", u32::MAX),
            (" 0", 0),
        ] {
            assert_eq!(number(key.as_bytes()), Ok(expected), "{key}");
        }
    }

    #[test]
    fn refuses_a_key_that_hides_no_number() {
        for (key, expected) in [
            ("", KeyError::NoDigits),
            ("a b c", KeyError::NoDigits),
            ("\u{0665} \u{0665}", KeyError::NoDigits),
            ("4@146546xW%0l15", KeyError::NoSpaces),
            ("4@1\t46546xW%0l15", KeyError::NoSpaces),
            ("4 @1  46546xW%0l 1 6", KeyError::Remainder),
            ("4294967296 x", KeyError::TooLarge),
            ("18446744073709551616 ", KeyError::TooLarge),
            ("99999999999999999999999999999999999999 ", KeyError::TooLarge),
        ] {
            assert_eq!(number(key.as_bytes()), Err(expected), "{key}");
        }
    }

    #[test]
    fn answers_the_vector_of_the_draft() {
        assert_eq!(&answer([829_309_203, 259_970_620], *b"^n:ds[4U"), b"8jKS'y:G*Co,Wxa-");
    }
}
