//! The fields that an application adds to a response.

use tracing::error;
use ws_core::head::{Fields, ResponseHead};
use ws_core::{Rejection, StatusCode};

/// The fields, in lower case, that a response sets itself, or that HTTP/2 forbids
/// (RFC 9113 §8.2.2).
const OWN: [&str; 8] = [
    "connection",
    "upgrade",
    "content-type",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "proxy-connection",
    "te",
];

/// The beginnings of the names of the fields that belong to the handshake.
const HANDSHAKE: [&str; 2] = ["sec-websocket-", "websocket-"];

/// Checks the rejection of an application.
///
/// # Errors
/// A rejection with status 500; the log says which field is wrong.
pub(super) fn check_rejection(rejection: &Rejection) -> Result<(), Rejection> {
    check_fields(&rejection.fields())?;
    // Its content type too.
    check_values(rejection.response().0.fields())
}

/// Checks the fields that an application has added.
///
/// # Errors
/// As with [`check_rejection`].
pub(super) fn check_fields(fields: &Fields) -> Result<(), Rejection> {
    if fields.is_empty() {
        return Ok(());
    }
    let mut head = ResponseHead::new(101, "");
    for (name, value) in fields.iter() {
        let lower = name.to_ascii_lowercase();
        let is_own =
            OWN.contains(&lower.as_str()) || HANDSHAKE.iter().any(|start| lower.starts_with(start));
        if is_own {
            return Err(invalid(&format!("the field {name} is one that the response sets itself")));
        }
        head = head.field(name, value);
    }
    check_values(fields)?;
    head.write(&mut Vec::new()).map_err(|error| invalid(&error.to_string()))
}

fn check_values(fields: &Fields) -> Result<(), Rejection> {
    for (name, value) in fields.iter() {
        if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(invalid(&format!("the value of the field {name} has control characters")));
        }
    }
    Ok(())
}

/// A rejection for an answer of the application that cannot be sent; the log says why.
pub(super) fn invalid(reason: &str) -> Rejection {
    error!("the answer of the application to a request cannot be sent: {reason}");
    failed()
}

/// A rejection for a fault of the application, which was logged.
pub(super) fn failed() -> Rejection {
    let reason = "the server cannot answer this request; its log says why";
    Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
}
