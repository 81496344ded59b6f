//! Responses for the HTTP server to write.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::ext::ReasonPhrase;
use tracing::error;
use ws_core::Rejection;
use ws_core::head::ResponseHead;

use super::request::Bootstrap;

/// Connection-specific fields, which HTTP/2 forbids (RFC 9113 §8.2.2).
const CONNECTION_FIELDS: [&str; 2] = ["Connection", "Upgrade"];

/// The response that opens a WebSocket.
///
/// # Errors
/// As with [`copy_fields`].
pub(super) fn opened(
    head: &ResponseHead,
    bootstrap: Bootstrap,
) -> Result<Response<Full<Bytes>>, Rejection> {
    let mut response = Response::new(Full::default());
    match bootstrap {
        Bootstrap::Upgrade => {
            copy_fields(head, &[], &mut response)?;
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            response.extensions_mut().insert(ReasonPhrase::from_static(head.reason().as_bytes()));
        }
        Bootstrap::ExtendedConnect => {
            let [connection, upgrade] = CONNECTION_FIELDS;
            let without = [connection, upgrade, "Sec-WebSocket-Accept"];
            copy_fields(head, &without, &mut response)?;
        }
    }
    Ok(response)
}

/// The response to a request that was refused.
pub(super) fn refusal(
    rejection: &Rejection,
    version: Version,
    method: &Method,
) -> Response<Full<Bytes>> {
    let (head, body) = rejection.response();
    let body = if method == Method::HEAD { Bytes::new() } else { body };
    let mut response = Response::new(Full::from(body));
    let [connection, upgrade] = CONNECTION_FIELDS;
    let without = match version < Version::HTTP_2 {
        true => &["Content-Length"][..],
        false => &["Content-Length", connection, upgrade],
    };
    if let Err(error) = copy_fields(&head, without, &mut response) {
        error!(%error, "a refusal is sent without some of its fields");
    }
    let status = match head.status() {
        // HTTP/2 has no upgrade, and so no 426.
        426 if version >= Version::HTTP_2 => 400,
        status => status,
    };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    response
}

/// The response with the page.
pub(super) fn page(html: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(html.to_owned()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Copies the fields of `head` to `response`, except those named in `without`.
///
/// # Errors
/// A rejection with status 400 when a field has a name or value that is not valid.
fn copy_fields(
    head: &ResponseHead,
    without: &[&str],
    response: &mut Response<Full<Bytes>>,
) -> Result<(), Rejection> {
    for (name, value) in head.fields().iter() {
        if without.iter().any(|other| name.eq_ignore_ascii_case(other)) {
            continue;
        }
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        else {
            let reason =
                format!("the response to this request cannot be written: {name} is not valid");
            return Err(Rejection::bad_request(reason));
        };
        response.headers_mut().append(name, value);
    }
    Ok(())
}
