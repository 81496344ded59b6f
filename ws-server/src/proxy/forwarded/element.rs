//! Parsing the field `Forwarded` into its elements (RFC 7239 §4).

use std::borrow::Cow;

use super::node::Node;

/// What one proxy says about the hop it received the request from.
#[derive(Debug, Default)]
pub(super) struct Element<'f> {
    node: Option<Cow<'f, [u8]>>,
    proto: Option<Cow<'f, [u8]>>,
    host: Option<Cow<'f, [u8]>>,
    /// Whether one of these parameters occurs more than once.
    repeats: bool,
}

impl<'f> Element<'f> {
    /// Where the request came from (`for`): hidden if the element does not say; malformed if the
    /// element repeats a parameter.
    pub(super) fn node(&self) -> Node {
        match &self.node {
            _ if self.repeats => Node::Malformed,
            Some(node) => Node::parse(node),
            None => Node::Hidden,
        }
    }

    /// The scheme of the request (`proto`).
    pub(super) fn proto(&self) -> Option<&[u8]> {
        self.proto.as_deref()
    }

    /// The `Host` of the request (`host`).
    pub(super) fn host(&self) -> Option<&[u8]> {
        self.host.as_deref()
    }

    fn set(&mut self, name: &[u8], value: Cow<'f, [u8]>) {
        let place = match name {
            _ if name.eq_ignore_ascii_case(b"for") => &mut self.node,
            _ if name.eq_ignore_ascii_case(b"proto") => &mut self.proto,
            _ if name.eq_ignore_ascii_case(b"host") => &mut self.host,
            _ => return,
        };
        self.repeats |= place.replace(value).is_some();
    }
}

/// The elements of one field line, in order. A malformed line yields `None` at the error, and then
/// ends. White space is allowed around `,` and `;`, and nowhere else.
#[derive(Debug)]
pub(super) struct Elements<'f> {
    rest: &'f [u8],
}

impl<'f> Elements<'f> {
    pub(super) fn new(line: &'f [u8]) -> Elements<'f> {
        Elements { rest: line }
    }

    fn skip(&mut self, bytes: &[u8]) {
        let size = self.rest.iter().take_while(|byte| bytes.contains(byte)).count();
        self.rest = &self.rest[size..];
    }

    /// Takes this byte if it is the next.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(&[byte])?;
        Some(())
    }

    /// Parses one element, up to the next comma or the end.
    fn element(&mut self) -> Option<Element<'f>> {
        let mut element = Element::default();
        loop {
            self.skip(b" \t;");
            if matches!(self.rest.first(), None | Some(b',')) {
                return Some(element);
            }
            let name = self.token()?;
            self.take(b'=')?;
            let value = match self.take(b'"') {
                Some(()) => self.quoted()?,
                None => Cow::Borrowed(self.token()?),
            };
            element.set(name, value);
            self.skip(b" \t");
            if !matches!(self.rest.first(), None | Some(b',' | b';')) {
                return None;
            }
        }
    }

    fn token(&mut self) -> Option<&'f [u8]> {
        let size = self.rest.iter().take_while(|byte| is_token_byte(**byte)).count();
        let (token, rest) = self.rest.split_at(size);
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    /// The rest of a quoted string (RFC 9110 §5.6.4), after the opening quote. A backslash quotes
    /// the byte after it.
    fn quoted(&mut self) -> Option<Cow<'f, [u8]>> {
        let size = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        let (plain, rest) = self.rest.split_at(size);
        if let Some(rest) = rest.strip_prefix(b"\"") {
            self.rest = rest;
            return Some(Cow::Borrowed(plain));
        }
        let mut value = plain.to_vec();
        let mut bytes = rest.iter();
        loop {
            match bytes.next()? {
                b'"' => break,
                b'\\' => value.push(*bytes.next()?),
                byte => value.push(*byte),
            }
        }
        self.rest = bytes.as_slice();
        Some(Cow::Owned(value))
    }
}

impl<'f> Iterator for Elements<'f> {
    type Item = Option<Element<'f>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(b" \t,");
        if self.rest.is_empty() {
            return None;
        }
        let element = self.element();
        if element.is_none() {
            self.rest = b"";
        }
        Some(element)
    }
}

/// Whether a token may hold this byte (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements as `for proto host`, and `!` for a malformed line.
    fn elements(line: &str) -> String {
        let text = |value: Option<&[u8]>| {
            value.map_or("-".to_owned(), |value| String::from_utf8_lossy(value).into_owned())
        };
        let each = Elements::new(line.as_bytes()).map(|element| match element {
            Some(element) => {
                let node = text(element.node.as_deref());
                format!("{node} {} {}", text(element.proto()), text(element.host()))
            }
            None => "!".to_owned(),
        });
        each.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn reads_the_examples_of_rfc_7239() {
        assert_eq!(elements(r#"for="_gazonk""#), "_gazonk - -");
        let ipv6 = elements(r#"For="[2001:db8:cafe::17]:4711""#);
        assert_eq!(ipv6, "[2001:db8:cafe::17]:4711 - -");
        assert_eq!(elements("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60 http -");
        assert_eq!(
            elements("for=192.0.2.43, for=198.51.100.17"),
            "192.0.2.43 - -, 198.51.100.17 - -"
        );
        let hidden = elements("for=_hidden, for=_SEVKISEK");
        assert_eq!(hidden, "_hidden - -, _SEVKISEK - -");
    }

    #[test]
    fn commas_and_semicolons_in_quotes_separate_nothing() {
        assert_eq!(elements(r#"by="a,b;for=x";for=1.2.3.4"#), "1.2.3.4 - -");
        assert_eq!(elements(r#"host="a\",for=\"b";for=c"#), r#"c - a",for="b"#);
    }

    #[test]
    fn names_are_read_in_any_case_and_empty_parts_passed_over() {
        assert_eq!(elements("FOR=a;PROTO=b;HOST=c"), "a b c");
        assert_eq!(elements(" , ;for=a; ;proto=b; ,, for=c,"), "a b -, c - -");
        assert_eq!(elements(""), "");
        assert_eq!(elements(";"), "- - -");
    }

    #[test]
    fn a_line_that_is_not_well_formed_ends_there() {
        for line in [
            "for",
            "for=",
            "=a",
            "for =a",
            "for= a",
            "for=a b",
            r#"for="a"#,
            r#"for="a\"#,
            r#"for="a"b"#,
            r#"for=a"b""#,
            "for=a:80",
            "for=[::1]",
            "for==a",
            "\u{e9}=a",
        ] {
            assert_eq!(elements(line), "!", "{line}");
            assert_eq!(elements(&format!("for=x, {line}")), "x - -, !", "{line}");
        }
    }

    #[test]
    fn an_element_that_says_a_thing_twice_is_malformed() {
        let node = |line: &str| Elements::new(line.as_bytes()).next().unwrap().unwrap().node();
        assert_eq!(node("for=1.2.3.4;For=1.2.3.4"), Node::Malformed);
        assert_eq!(node("for=1.2.3.4;proto=http;proto=https"), Node::Malformed);
        assert_ne!(node("for=1.2.3.4;by=a;by=b"), Node::Malformed);
    }
}
