//! The opening handshake (hybi-00 §5).

use std::borrow::Cow;
use std::collections::HashSet;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_core::head::{Fields, RequestHead, ResponseHead};
use ws_core::{Detection, Grant, HandshakeError, Io, Offer, Rejection, Transport};

use crate::challenge;

const KEY1: &str = "Sec-WebSocket-Key1";
const KEY2: &str = "Sec-WebSocket-Key2";

/// Detects a request of this draft by its two keys.
pub(crate) fn detect(head: &RequestHead) -> Detection {
    let count = |name| head.fields().all(name).count();
    let reason = match (count(KEY1), count(KEY2)) {
        (0, 0) => return Detection::No,
        (1, 1) => return Detection::Yes,
        (_, 0) => "the request has a Sec-WebSocket-Key1 and lacks a Sec-WebSocket-Key2",
        (0, _) => "the request has a Sec-WebSocket-Key2 and lacks a Sec-WebSocket-Key1",
        _ => "Sec-WebSocket-Key1 and Sec-WebSocket-Key2 may appear once each",
    };
    Detection::Malformed(Rejection::bad_request(reason))
}

/// Checks all of a request and reads what it offers. Every error is reported here, because after
/// the 101 response a client cannot be told the reason.
pub(crate) fn offer(head: &RequestHead) -> Result<Offer<'_>, Rejection> {
    let fields = head.fields();
    refuse_body(fields)?;
    host(fields)?;
    resource(head)?;
    numbers(fields)?;
    Ok(Offer::new(origin(fields)?).with_subprotocols(subprotocols(fields)?))
}

/// The head of the 101 response (hybi-00 §5.2). Clients compare `Upgrade` byte for byte, and the
/// origin and the location with their own.
pub(crate) fn respond(head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection> {
    let response = ResponseHead::new(101, "WebSocket Protocol Handshake")
        .field("Upgrade", "WebSocket")
        .field("Connection", "Upgrade")
        // The field is mandatory, even for a client that sent no origin.
        .field("Sec-WebSocket-Origin", origin(head.fields())?.unwrap_or("null"))
        .field("Sec-WebSocket-Location", location(head, grant.transport)?);
    Ok(match grant.subprotocol {
        Some(subprotocol) => response.field("Sec-WebSocket-Protocol", subprotocol),
        None => response,
    })
}

/// Reads the eight bytes that no field announces, and answers the challenge. The head must be sent
/// before: HTTP proxies withhold the eight bytes until they have received the 101 response.
pub(crate) async fn finish(head: &RequestHead, io: &mut dyn Io) -> Result<(), HandshakeError> {
    let numbers = numbers(head.fields())
        .map_err(|_| HandshakeError::Refused("the keys of the challenge are malformed"))?;
    let mut key3 = [0; 8];
    io.read_exact(&mut key3).await?;
    io.write_all(&challenge::answer(numbers, key3)).await?;
    io.flush().await?;
    Ok(())
}

/// Refuses a request with a body other than the eight bytes of the challenge, which some clients
/// announce as a body: the two ends could disagree about where the WebSocket data begins.
fn refuse_body(fields: &Fields) -> Result<(), Rejection> {
    let challenge_alone = fields.all("Content-Length").all(|value| value == b"8");
    if challenge_alone && !fields.contains("Transfer-Encoding") {
        return Ok(());
    }
    Err(Rejection::bad_request(
        "a request of hixie-76 has no body but the 8 bytes of its challenge, this one announces one",
    ))
}

fn host(fields: &Fields) -> Result<&str, Rejection> {
    match fields.text("Host")? {
        Some(host) if !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(host)
        }
        Some(_) => Err(Rejection::bad_request("the value of Host is not a host")),
        None => Err(Rejection::bad_request("the request lacks a Host field")),
    }
}

/// The resource name (hybi-00 §3.1).
fn resource(head: &RequestHead) -> Result<Cow<'_, str>, Rejection> {
    let resource = head.resource();
    if resource.starts_with('/') && !resource.contains('#') && is_one_line(&resource) {
        return Ok(resource);
    }
    Err(Rejection::bad_request("the request target is not a path"))
}

fn numbers(fields: &Fields) -> Result<[u32; 2], Rejection> {
    Ok([number(fields, KEY1)?, number(fields, KEY2)?])
}

fn number(fields: &Fields, name: &'static str) -> Result<u32, Rejection> {
    let key = fields
        .single(name)?
        .ok_or_else(|| Rejection::bad_request(format!("the request lacks a {name}")))?;
    challenge::number(key).map_err(|error| Rejection::bad_request(format!("{name} {error}")))
}

/// The origin, byte for byte. Its form is not checked: that is left to the policy of the server.
fn origin(fields: &Fields) -> Result<Option<&str>, Rejection> {
    match fields.text("Origin")? {
        Some(origin) if !is_one_line(origin) => {
            Err(Rejection::bad_request("the value of Origin has a line break"))
        }
        origin => Ok(origin),
    }
}

/// The URL that the client has connected to, in the form that the client itself uses
/// (hybi-00 §3.2).
fn location(head: &RequestHead, transport: Transport) -> Result<String, Rejection> {
    let (scheme, default_port) = match transport {
        Transport::Plain => ("ws", ":80"),
        Transport::Tls => ("wss", ":443"),
    };
    let host = host(head.fields())?.to_ascii_lowercase();
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    Ok(format!("{scheme}://{host}{}", resource(head)?))
}

/// The subprotocols: the whole value, and then its elements. In this draft the subprotocol is one
/// opaque string, which the client expects in the response (hybi-00 §5.1). Some clients send a list
/// nevertheless.
fn subprotocols(fields: &Fields) -> Result<Vec<&str>, Rejection> {
    let Some(whole) = fields.text("Sec-WebSocket-Protocol")? else {
        return Ok(Vec::new());
    };
    if !whole.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Rejection::bad_request(
            "Sec-WebSocket-Protocol has a character outside of U+0020 to U+007E",
        ));
    }
    let all = std::iter::once(whole).chain(whole.split(',').map(str::trim));
    let mut seen = HashSet::new();
    Ok(all.filter(|name| !name.is_empty() && seen.insert(*name)).collect())
}

/// Whether a value of the client may be copied into the response.
fn is_one_line(value: &str) -> bool {
    !value.contains(['\r', '\n', '\0'])
}
