//! Reading a request head: bounded, resumable, and in linear time however its bytes arrive.

use std::mem::MaybeUninit;

use super::{Fields, HttpVersion, RequestHead};

/// The longest head that is accepted, in bytes, its empty line included.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The greatest number of field lines in a head.
pub const MAX_FIELDS: usize = 64;

/// Collects the bytes of a request head until its empty line, then parses it once.
///
/// The search for the end examines each byte once, so that a head that arrives byte by
/// byte costs no more than one that arrives whole.
#[derive(Debug, Default)]
pub struct HeadReader {
    text: Vec<u8>,
}

impl HeadReader {
    /// A reader at the start of a head.
    pub fn new() -> HeadReader {
        HeadReader::default()
    }

    /// Consumes bytes up to the end of the head. Returns how many bytes were consumed, and the
    /// head once it is complete. What follows the head is left: it belongs to the WebSocket.
    ///
    /// # Errors
    /// [`HeadError`]; the reader must not be used after one.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(usize, Option<RequestHead>), HeadError> {
        let room = MAX_HEAD_BYTES - self.text.len();
        let bytes = &bytes[..bytes.len().min(room)];
        if let Some(first) = self.text.first().or(bytes.first())
            && !first.is_ascii_alphabetic()
        {
            return Err(not_http(*first));
        }
        let end = self.find_end(bytes)?;
        let taken = end.unwrap_or(bytes.len());
        if end.is_some() && self.text.is_empty() {
            // Most heads arrive in one piece.
            return parse(&bytes[..taken]).map(|head| (taken, Some(head)));
        }
        self.text.extend_from_slice(&bytes[..taken]);
        match end {
            Some(_) => parse(&std::mem::take(&mut self.text)).map(|head| (taken, Some(head))),
            None if self.text.len() == MAX_HEAD_BYTES => Err(HeadError::TooLong),
            None => Ok((taken, None)),
        }
    }

    /// The end of the head in `bytes`, which follow those that were consumed, if it ends there.
    ///
    /// A bare LF is refused (RFC 9112 §2.2 leaves that open): if one reader ended the head there
    /// and another did not, a request could be smuggled.
    fn find_end(&self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        let before = |at: usize, count: usize| match at.checked_sub(count) {
            Some(at) => Some(bytes[at]),
            None => self.text.iter().nth_back(count - at - 1).copied(),
        };
        let mut from = 0;
        while let Some(found) = bytes[from..].iter().position(|byte| *byte == b'\n') {
            let at = from + found;
            if before(at, 1) != Some(b'\r') {
                return Err(HeadError::Malformed("a line does not end in CR LF"));
            }
            from = at + 1;
            if before(at, 2) == Some(b'\n') {
                // An empty line.
                return Ok(Some(from));
            }
        }
        Ok(None)
    }
}

fn not_http(first: u8) -> HeadError {
    match first {
        0x16 | 0x80 => HeadError::Tls,
        _ => HeadError::Malformed("the request line does not begin with a method"),
    }
}

fn parse(text: &[u8]) -> Result<RequestHead, HeadError> {
    let mut lines = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(text, &mut lines) {
        Ok(httparse::Status::Complete(size)) if size == text.len() => {}
        Ok(_) => return Err(HeadError::Malformed("the head is incomplete")),
        Err(error) => return Err(syntax_error(error)),
    }
    let bytes = request.headers.iter().map(|line| line.name.len() + line.value.len()).sum();
    let mut fields = Fields::with_capacity(request.headers.len(), bytes);
    for line in &*request.headers {
        fields.push(line.name, line.value);
    }
    let version = match request.version {
        Some(0) => HttpVersion::Http10,
        _ => HttpVersion::Http11,
    };
    let (method, target) = (request.method.unwrap_or("GET"), request.path.unwrap_or("/"));
    Ok(RequestHead::new(method, target, version, fields))
}

fn syntax_error(error: httparse::Error) -> HeadError {
    use httparse::Error;
    match error {
        Error::TooManyHeaders => HeadError::TooManyFields,
        Error::HeaderName => HeadError::Malformed("a field name has a forbidden character"),
        Error::HeaderValue => HeadError::Malformed("a field value has a control character"),
        Error::NewLine => HeadError::Malformed("a line does not end in CR LF"),
        Error::Version => HeadError::Malformed("the request line has no HTTP/1 version"),
        Error::Token => HeadError::Malformed("the request line has a forbidden character"),
        Error::Status => HeadError::Malformed("this is a response, not a request"),
    }
}

/// Why a head could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// Longer than [`MAX_HEAD_BYTES`].
    TooLong,
    /// More field lines than [`MAX_FIELDS`].
    TooManyFields,
    /// Not an HTTP/1 request; the text says what is wrong.
    Malformed(&'static str),
    /// The first byte is that of a TLS handshake, and this port expects plain HTTP.
    Tls,
}

impl std::fmt::Display for HeadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HeadError::TooLong => {
                write!(f, "the request head exceeds the limit of {MAX_HEAD_BYTES} bytes")
            }
            HeadError::TooManyFields => {
                write!(f, "the request head exceeds the limit of {MAX_FIELDS} fields")
            }
            HeadError::Malformed(why) => write!(f, "the request head is malformed: {why}"),
            HeadError::Tls => f.write_str("this port expects plain HTTP, and got a TLS handshake"),
        }
    }
}

impl std::error::Error for HeadError {}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"GET /chat?x HTTP/1.1\r\nHost: a\r\nKey1: 4 @1  46546xW%0l 1 5\r\n\r\n";

    #[test]
    fn reads_a_head_at_every_split_point_and_leaves_what_follows() {
        let mut wire = REQUEST.to_vec();
        wire.extend_from_slice(b"\r\n\r\n");
        for split in 0..REQUEST.len() {
            let mut reader = HeadReader::new();
            assert_eq!(reader.push(&wire[..split]).unwrap().0, split);
            let (taken, head) = reader.push(&wire[split..]).unwrap();
            let head = head.unwrap();
            assert_eq!(taken, REQUEST.len() - split);
            assert_eq!(head.target(), "/chat?x");
            assert_eq!(head.fields().single("key1"), Ok(Some(&b"4 @1  46546xW%0l 1 5"[..])));
        }
    }

    #[test]
    fn reads_empty_values() {
        let head = b"GET / HTTP/1.1\r\nA:\r\nB: \t\r\nC: c\r\n\r\n";
        let head = HeadReader::new().push(head).unwrap().1.unwrap();
        let lines: Vec<_> = head.fields().iter().collect();
        assert_eq!(lines, [("A", &b""[..]), ("B", b""), ("C", b"c")]);
    }

    #[test]
    fn reads_a_head_of_the_greatest_length_and_leaves_what_follows() {
        let mut wire = b"GET / HTTP/1.1\r\nA: ".to_vec();
        wire.resize(MAX_HEAD_BYTES - 4, b'a');
        wire.extend_from_slice(b"\r\n\r\n");
        for following in [&b""[..], b"follows"] {
            let wire = [&wire[..], following].concat();
            let (taken, head) = HeadReader::new().push(&wire).unwrap();
            assert!(head.is_some());
            assert_eq!(taken, MAX_HEAD_BYTES);
        }
        wire.insert(20, b'a');
        assert_eq!(HeadReader::new().push(&wire).unwrap_err(), HeadError::TooLong);
    }

    #[test]
    fn refuses_a_head_over_the_limit_whatever_its_pieces() {
        let long = vec![b'a'; MAX_HEAD_BYTES];
        for piece in [1, 1000, MAX_HEAD_BYTES] {
            let mut reader = HeadReader::new();
            let outcome = long.chunks(piece).find_map(|chunk| reader.push(chunk).err());
            assert_eq!(outcome, Some(HeadError::TooLong));
        }
    }

    #[test]
    fn refuses_too_many_fields() {
        let mut head = b"GET / HTTP/1.1\r\n".to_vec();
        for _ in 0..=MAX_FIELDS {
            head.extend_from_slice(b"a: b\r\n");
        }
        head.extend_from_slice(b"\r\n");
        assert_eq!(HeadReader::new().push(&head).unwrap_err(), HeadError::TooManyFields);
    }

    #[test]
    fn says_at_the_first_byte_that_this_is_not_http() {
        assert_eq!(HeadReader::new().push(&[0x16, 3, 1]).unwrap_err(), HeadError::Tls);
        assert!(matches!(HeadReader::new().push(b"<").unwrap_err(), HeadError::Malformed(_)));
    }

    #[test]
    fn refuses_lines_that_end_in_a_line_feed_alone() {
        for wire in [
            &b"GET / HTTP/1.1\nHost: a\n\nGET /evil HTTP/1.1\r\nX: y\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        ] {
            let refused = HeadError::Malformed("a line does not end in CR LF");
            assert_eq!(HeadReader::new().push(wire).unwrap_err(), refused);
            let mut reader = HeadReader::new();
            let bytewise = wire.chunks(1).find_map(|byte| reader.push(byte).err());
            assert_eq!(bytewise, Some(refused));
        }
    }

    #[test]
    fn refuses_control_characters_in_a_value() {
        let head = b"GET / HTTP/1.1\r\na: b\0c\r\n\r\n";
        assert!(matches!(HeadReader::new().push(head), Err(HeadError::Malformed(_))));
    }
}
