//! Writing a response head, safe from response splitting (RFC 9112 §11.1).

use std::io::Write;

use super::Fields;
use super::is_token;

/// The head of a response, ready to be written.
#[derive(Debug, Clone)]
pub struct ResponseHead {
    status: u16,
    reason: &'static str,
    fields: Fields,
}

impl ResponseHead {
    /// A head with this status code and reason phrase, and no fields yet.
    pub fn new(status: u16, reason: &'static str) -> ResponseHead {
        ResponseHead { status, reason, fields: Fields::with_capacity(4, 160) }
    }

    /// Adds a field after the others.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> ResponseHead {
        self.fields.push(name, value);
        self
    }

    /// The status code, 101 for an accepted opening handshake over HTTP/1.1.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase; hixie-75 clients compare it byte for byte.
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// The fields, in the order in which they are written.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Appends the head to `output`, its empty line included.
    ///
    /// # Errors
    /// [`WriteHeadError`] when a name is not a token or a value contains CR, LF or NUL; nothing is
    /// appended then.
    pub fn write(&self, output: &mut Vec<u8>) -> Result<(), WriteHeadError> {
        for (name, value) in self.fields.lines() {
            if !is_token(name) || value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                return Err(WriteHeadError { name: String::from_utf8_lossy(name).into_owned() });
            }
        }
        // Writing to a vector does not fail.
        let _written = write!(output, "HTTP/1.1 {} {}\r\n", self.status, self.reason);
        for (name, value) in self.fields.lines() {
            for part in [name, b": ", value, b"\r\n"] {
                output.extend_from_slice(part);
            }
        }
        output.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// A field with a name or value that must not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteHeadError {
    name: String,
}

impl std::fmt::Display for WriteHeadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the field {:?} has a name or value that may not be written", self.name)
    }
}

impl std::error::Error for WriteHeadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_fields_in_order() {
        let mut output = Vec::new();
        let head = ResponseHead::new(101, "Web Socket").field("A", "1").field("B", b"\xff");
        head.write(&mut output).unwrap();
        assert_eq!(output, b"HTTP/1.1 101 Web Socket\r\nA: 1\r\nB: \xff\r\n\r\n");
    }

    #[test]
    fn refuses_line_breaks_and_nul_in_a_value() {
        for value in ["a\rb", "a\nb", "a\0b"] {
            let mut output = Vec::new();
            assert!(ResponseHead::new(101, "x").field("A", value).write(&mut output).is_err());
            assert!(output.is_empty());
        }
    }

    #[test]
    fn refuses_a_name_that_is_no_token() {
        for name in ["", "a b", "a:b", "a\r\n"] {
            assert!(ResponseHead::new(101, "x").field(name, "v").write(&mut Vec::new()).is_err());
        }
    }
}
