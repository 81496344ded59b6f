//! The opening handshake of the HyBi family (RFC 6455 §4.2).

use std::collections::HashSet;

use super::accept::accept_value;
use super::{KeyRule, OriginField, Profile, extension};
use crate::draft::{Grant, Offer};
use crate::extension::ExtensionOffer;
use crate::head::{FieldError, Fields, RequestHead, ResponseHead, is_token};
use crate::rejection::Rejection;

/// Checks all of a request and reads what it offers.
pub(super) fn offer<'h>(profile: &Profile, head: &'h RequestHead) -> Result<Offer<'h>, Rejection> {
    let fields = head.fields();
    check_target(head.target())?;
    refuse_body(fields)?;
    if fields.text("Host")?.is_none_or(str::is_empty) {
        return Err(Rejection::bad_request("the request has no Host field, or an empty one"));
    }
    check_key(profile.key, key(fields)?)?;
    let well_formed = |value| extension::is_well_formed(value, profile.extension_value);
    if !fields.all("Sec-WebSocket-Extensions").all(well_formed) {
        return Err(Rejection::bad_request(
            "Sec-WebSocket-Extensions is not a list of extensions with parameters",
        ));
    }
    Ok(Offer::new(origin(profile.origin, fields)?).with_subprotocols(subprotocols(fields)?))
}

/// The head of the 101 response. Clients of the older drafts require exactly these values of
/// `Upgrade` and `Connection`.
pub(super) fn respond(head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection> {
    let response = ResponseHead::new(101, "Switching Protocols")
        .field("Upgrade", "websocket")
        .field("Connection", "Upgrade")
        .field("Sec-WebSocket-Accept", accept_value(key(head.fields())?));
    let response = match grant.subprotocol {
        Some(subprotocol) => response.field("Sec-WebSocket-Protocol", subprotocol),
        None => response,
    };
    Ok(match grant.extension {
        Some(extension) => response.field("Sec-WebSocket-Extensions", extension),
        None => response,
    })
}

/// The extensions that the client offers, in its order of preference, over all field lines.
pub(super) fn extensions(head: &RequestHead) -> Vec<ExtensionOffer<'_>> {
    head.fields().all("Sec-WebSocket-Extensions").flat_map(extension::elements).collect()
}

/// Refuses a request that announces a body: the two ends could disagree about where the WebSocket
/// data begins.
fn refuse_body(fields: &Fields) -> Result<(), Rejection> {
    let empty = fields.all("Content-Length").all(|value| value == b"0");
    if empty && !fields.contains("Transfer-Encoding") {
        return Ok(());
    }
    Err(Rejection::bad_request("a WebSocket request has no body, this one announces one"))
}

fn check_target(target: &str) -> Result<(), Rejection> {
    let is_url = || {
        target.split_once("://").is_some_and(|(scheme, _)| {
            ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        })
    };
    if !(target.starts_with('/') || is_url()) || target.contains('#') {
        return Err(Rejection::bad_request(
            "the request target is neither a path nor an http URL, or has a fragment",
        ));
    }
    Ok(())
}

fn key(fields: &Fields) -> Result<&str, Rejection> {
    fields
        .text("Sec-WebSocket-Key")?
        .ok_or_else(|| Rejection::bad_request("the request lacks a Sec-WebSocket-Key"))
}

/// Checks the key (RFC 6455 §4.2.1, item 5). Padding bits are not checked: an example of the RFC
/// has some set.
fn check_key(rule: KeyRule, key: &str) -> Result<(), Rejection> {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let fits = match rule {
        KeyRule::Base64Of16Bytes => {
            key.len() == 24 && key.ends_with("==") && key.as_bytes()[..22].iter().all(base64)
        }
        KeyRule::Printable => !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()),
    };
    match fits {
        true => Ok(()),
        false => Err(Rejection::bad_request(match rule {
            KeyRule::Base64Of16Bytes => {
                "Sec-WebSocket-Key is not the base64 of 16 bytes (24 characters that end in ==)"
            }
            KeyRule::Printable => "Sec-WebSocket-Key is not printable text",
        })),
    }
}

fn origin(rule: OriginField, fields: &Fields) -> Result<Option<&str>, Rejection> {
    // Some clients of version 8 send both fields, and not the same in both: the one of the draft
    // decides.
    if rule == OriginField::SecWebSocketOrigin
        && let Some(origin) = one_value(fields, "Sec-WebSocket-Origin")?
    {
        return Ok(Some(origin));
    }
    Ok(one_value(fields, "Origin")?)
}

/// The value of a field that may be repeated if all its values are the same.
fn one_value<'f>(fields: &'f Fields, name: &'static str) -> Result<Option<&'f str>, FieldError> {
    let mut values = fields.all(name);
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.any(|other| other != first) {
        return Err(FieldError::Repeated(name));
    }
    std::str::from_utf8(first).map(Some).map_err(|_| FieldError::NotUtf8(name))
}

/// The subprotocols: unique tokens, the preferred ones first (RFC 6455 §4.1, item 10;
/// §4.2.1, item 8).
fn subprotocols(fields: &Fields) -> Result<Vec<&str>, Rejection> {
    let malformed = || {
        Rejection::bad_request("Sec-WebSocket-Protocol is not a list of tokens, each named once")
    };
    if !fields.contains("Sec-WebSocket-Protocol") {
        return Ok(Vec::new());
    }
    let mut offered = Vec::new();
    for element in fields.list("Sec-WebSocket-Protocol") {
        let token = std::str::from_utf8(element).map_err(|_| malformed())?;
        if !is_token(element) {
            return Err(malformed());
        }
        offered.push(token);
    }
    if offered.is_empty() {
        return Err(malformed());
    }
    let distinct: HashSet<_> = offered.iter().collect();
    match distinct.len() == offered.len() {
        true => Ok(offered),
        false => Err(malformed()),
    }
}
