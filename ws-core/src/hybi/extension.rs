//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use std::borrow::Cow;

use super::ExtensionValue;
use crate::extension::{ExtensionOffer, Parameter};
use crate::head::is_token;

/// The elements of `value`, a field line that [is well-formed](is_well_formed).
pub(super) fn elements(value: &[u8]) -> Vec<ExtensionOffer<'_>> {
    let elements = split_unquoted(value, b',').unwrap_or_default();
    elements.into_iter().filter_map(element).collect()
}

fn element(element: &[u8]) -> Option<ExtensionOffer<'_>> {
    let mut parts = split_unquoted(element, b';')?.into_iter().map(<[u8]>::trim_ascii);
    let name = text(parts.next().filter(|name| is_token(name))?)?;
    let parameters = parts.map(parameter).collect::<Option<_>>()?;
    Some(ExtensionOffer::new(name, parameters))
}

fn parameter(parameter: &[u8]) -> Option<Parameter<'_>> {
    let Some(equals) = parameter.iter().position(|byte| *byte == b'=') else {
        return Some(Parameter::new(text(parameter)?, None));
    };
    let (name, value) = (&parameter[..equals], parameter[equals + 1..].trim_ascii());
    let value = match value {
        [b'"', ..] => Cow::Owned(String::from_utf8(unquoted(value)?).ok()?),
        token => Cow::Borrowed(text(token)?),
    };
    Some(Parameter::new(text(name.trim_ascii())?, Some(value)))
}

fn text(token: &[u8]) -> Option<&str> {
    std::str::from_utf8(token).ok()
}

/// Whether `value`, a field line, is a well-formed list of extensions. A malformed list fails the
/// handshake, even if no extension is used.
pub(super) fn is_well_formed(value: &[u8], values: ExtensionValue) -> bool {
    let Some(elements) = split_unquoted(value, b',') else {
        return false;
    };
    elements.iter().all(|element| element.trim_ascii().is_empty() || is_extension(element, values))
}

fn is_extension(element: &[u8], values: ExtensionValue) -> bool {
    let Some(parts) = split_unquoted(element, b';') else {
        return false;
    };
    let mut parts = parts.into_iter().map(<[u8]>::trim_ascii);
    parts.next().is_some_and(is_token) && parts.all(|part| is_parameter(part, values))
}

fn is_parameter(parameter: &[u8], values: ExtensionValue) -> bool {
    let Some(equals) = parameter.iter().position(|byte| *byte == b'=') else {
        return is_token(parameter);
    };
    let (name, value) = (&parameter[..equals], parameter[equals + 1..].trim_ascii());
    let quoted = values == ExtensionValue::TokenOrQuoted && is_quoted_token(value);
    is_token(name.trim_ascii()) && (is_token(value) || quoted)
}

/// Whether `value` is a quoted string whose content, unescaped, is a token.
fn is_quoted_token(value: &[u8]) -> bool {
    unquoted(value).is_some_and(|content| is_token(&content))
}

/// The content of a quoted string, unescaped.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let [b'"', content @ .., b'"'] = value else {
        return None;
    };
    let mut bytes = content.iter();
    let mut token = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => token.push(*bytes.next()?),
            b'"' => return None,
            plain => token.push(*plain),
        }
    }
    Some(token)
}

/// Splits at each `separator` outside quotes; `None` when a quote is not closed.
fn split_unquoted(value: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if *byte == separator && !quoted => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_browsers_send() {
        for value in [
            "",
            "deflate-stream",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate;server_max_window_bits=10 , x-webkit-deflate-frame",
            "a; b=\"10\", , c ; d = e",
            "a; b=\"\\1,\\0\"",
        ] {
            let well = is_well_formed(value.as_bytes(), ExtensionValue::TokenOrQuoted);
            assert_eq!(well, !value.contains("\\1,"), "{value}");
        }
    }

    #[test]
    fn reads_names_and_parameters_and_takes_quotes_off() {
        let value = b"a; x ;y=10; z = \"\\8\", , b";
        assert!(is_well_formed(value, ExtensionValue::TokenOrQuoted));
        let seen: Vec<_> = elements(value)
            .iter()
            .map(|offer| {
                let value =
                    |parameter: &Parameter<'_>| parameter.value.clone().map(Cow::into_owned);
                let parameters = offer.parameters.iter();
                let parameters: Vec<_> = parameters.map(|one| (one.name, value(one))).collect();
                (offer.name, parameters)
            })
            .collect();
        let text = |text: &str| Some(text.to_owned());
        let first = vec![("x", None), ("y", text("10")), ("z", text("8"))];
        assert_eq!(seen, [("a", first), ("b", vec![])]);
    }

    #[test]
    fn refuses_quoted_values_where_they_are_not_known_yet() {
        assert!(is_well_formed(b"a; b=c", ExtensionValue::Token));
        assert!(!is_well_formed(b"a; b=\"c\"", ExtensionValue::Token));
    }

    #[test]
    fn refuses_a_broken_list() {
        for value in ["a b", "a;", "a; =1", "a; b=", "a; b=\"x", "a; b=\"x y\"", ";a", "a/b"] {
            assert!(!is_well_formed(value.as_bytes(), ExtensionValue::TokenOrQuoted), "{value}");
        }
    }
}
