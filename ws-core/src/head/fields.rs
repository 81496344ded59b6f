//! Header fields as an ordered multi-map with case-insensitive names.

use std::ops::Range;

/// Header fields in the order in which they arrived or will be written.
///
/// Names compare case-insensitively; values are bytes, exactly as they were on the wire
/// except for the white space around them.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Names and values, one after the other: two allocations for a whole head.
    text: Vec<u8>,
    index: Vec<Line>,
}

/// The ranges of the name and the value of a field line in the text.
type Line = (Range<usize>, Range<usize>);

impl Fields {
    /// No fields.
    pub fn new() -> Fields {
        Fields::default()
    }

    /// No fields, and capacity for `fields` of them with `bytes` of names and values.
    pub fn with_capacity(fields: usize, bytes: usize) -> Fields {
        Fields { text: Vec::with_capacity(bytes), index: Vec::with_capacity(fields) }
    }

    /// Adds a field after the others.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        let middle = self.text.len();
        self.text.extend_from_slice(value.as_ref());
        self.index.push((start..middle, middle..self.text.len()));
    }

    /// Replaces all fields of this name by one, which comes after the others.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.remove(name);
        self.push(name, value);
    }

    /// Removes all fields of this name.
    pub fn remove(&mut self, name: &str) {
        let Fields { text, index } = self;
        index.retain(|(found, _)| !text[found.clone()].eq_ignore_ascii_case(name.as_bytes()));
    }

    /// The number of field lines.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines().map(|(name, value)| (std::str::from_utf8(name).unwrap_or_default(), value))
    }

    /// All fields, in order, with their names as bytes.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.index.iter().map(|(name, value)| (&self.text[name.clone()], &self.text[value.clone()]))
    }

    /// The values of all field lines of this name, in order.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.lines()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Whether a field of this name is present.
    pub fn contains(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The value of a field that may appear at most once.
    ///
    /// # Errors
    /// [`FieldError::Repeated`] when there are several lines of this name.
    pub fn single<'f>(&'f self, name: &'static str) -> Result<Option<&'f [u8]>, FieldError> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            Some(_) => Err(FieldError::Repeated(name)),
            None => Ok(first),
        }
    }

    /// The value of a field that may appear at most once and must be text.
    ///
    /// # Errors
    /// [`FieldError::Repeated`] for several lines, [`FieldError::NotUtf8`] for other bytes.
    pub fn text<'f>(&'f self, name: &'static str) -> Result<Option<&'f str>, FieldError> {
        let Some(value) = self.single(name)? else {
            return Ok(None);
        };
        std::str::from_utf8(value).map(Some).map_err(|_| FieldError::NotUtf8(name))
    }

    /// The elements of a comma-separated list that may be spread over several lines
    /// (RFC 9110 §5.6.1); empty elements are left out, white space is trimmed.
    pub fn list<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.all(name).flat_map(elements)
    }

    /// Whether a list field contains this token, compared case-insensitively.
    pub fn list_contains(&self, name: &str, token: &str) -> bool {
        let is_token = |element: &[u8]| element.eq_ignore_ascii_case(token.as_bytes());
        self.all(name).any(|value| elements(value).any(is_token))
    }
}

/// The elements of one line of a list field.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Why the value of a field cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldError {
    /// The field appears more than once, and may not.
    Repeated(&'static str),
    /// The value is not UTF-8, and must be text.
    NotUtf8(&'static str),
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FieldError::Repeated(name) => {
                write!(f, "the field {name} appears more than once, and may appear once")
            }
            FieldError::NotUtf8(name) => write!(f, "the value of {name} is not UTF-8"),
        }
    }
}

impl std::error::Error for FieldError {}

/// Whether `text` is a token of RFC 9110 §5.6.2.
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(is_token_character)
}

fn is_token_character(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        let mut fields = Fields::new();
        fields.push("Connection", "keep-alive, Upgrade");
        fields.push("connection", ",x ,");
        fields.push("Host", "a");
        fields.push("X", [0xff]);
        fields
    }

    #[test]
    fn finds_a_token_in_a_list_over_several_lines() {
        assert!(fields().list_contains("CONNECTION", "upgrade"));
        assert!(fields().list_contains("connection", "X"));
        assert!(!fields().list_contains("connection", "keep"));
    }

    #[test]
    fn refuses_a_repeated_single_field() {
        assert_eq!(fields().single("Connection"), Err(FieldError::Repeated("Connection")));
        assert_eq!(fields().single("host"), Ok(Some(&b"a"[..])));
        assert_eq!(fields().single("origin"), Ok(None));
    }

    #[test]
    fn refuses_a_text_that_is_not_utf8() {
        assert_eq!(fields().text("x"), Err(FieldError::NotUtf8("x")));
    }

    #[test]
    fn replaces_a_field_however_often_it_stands() {
        let mut fields = fields();
        fields.set("CONNECTION", "close");
        assert_eq!(fields.single("Connection"), Ok(Some(&b"close"[..])));
        fields.remove("host");
        assert!(!fields.contains("Host"));
    }

    #[test]
    fn keeps_the_order_of_fields() {
        let names: Vec<_> = fields().iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["Connection", "connection", "Host", "X"]);
    }
}
