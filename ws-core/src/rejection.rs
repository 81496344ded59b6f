//! A refused opening handshake: an HTTP status, and a text that says what was expected.

use bytes::Bytes;

use crate::head::{FieldError, Fields, HeadError, ResponseHead};
use crate::status_code::StatusCode;

/// Why an opening handshake was refused, and the HTTP response that reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    status: StatusCode,
    reason: String,
    versions: Option<String>,
    /// What was added to the response. Boxed, since most rejections have nothing.
    added: Option<Box<Added>>,
}

/// What was added to the response of a rejection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Added {
    fields: Vec<(String, Vec<u8>)>,
    /// The type and the content of the body; `None` for the reason as text.
    body: Option<(String, Bytes)>,
}

impl Rejection {
    /// A rejection with this status; `reason` says what was wrong, and what was expected.
    pub fn new(status: StatusCode, reason: impl Into<String>) -> Rejection {
        Rejection { status, reason: reason.into(), versions: None, added: None }
    }

    /// 400 with this reason.
    pub fn bad_request(reason: impl Into<String>) -> Rejection {
        Rejection::new(StatusCode::BAD_REQUEST, reason)
    }

    /// Adds the list of versions that the server supports, sent as `Sec-WebSocket-Version`
    /// (RFC 6455 §4.4).
    #[must_use]
    pub fn with_versions(mut self, versions: &str) -> Rejection {
        self.versions = (!versions.is_empty()).then(|| versions.to_owned());
        self
    }

    /// Adds a field to the response, such as `WWW-Authenticate`, `Location` or `Retry-After`. The
    /// name and the value must be valid in HTTP (RFC 9110 §5); a response with others is not
    /// written. The fields `Connection`, `Upgrade`, `Content-Type`, `Content-Length` and
    /// `Transfer-Encoding` and those of the handshake belong to the response itself.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Rejection {
        let value = value.as_ref().to_vec();
        self.added.get_or_insert_default().fields.push((name.into(), value));
        self
    }

    /// Sets the body of the response and its type, such as `application/json`. By default the
    /// reason is the body, as plain text.
    #[must_use]
    pub fn with_body(
        mut self,
        content_type: impl Into<String>,
        body: impl Into<Bytes>,
    ) -> Rejection {
        self.added.get_or_insert_default().body = Some((content_type.into(), body.into()));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What was wrong, and what was expected.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The fields that were [added](Rejection::with_field) to the response.
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in self.added.iter().flat_map(|added| &added.fields) {
            fields.push(name, value);
        }
        fields
    }

    /// The head and body of the response. The connection is closed after it.
    pub fn response(&self) -> (ResponseHead, Bytes) {
        let (content_type, body) = match self.added.as_ref().and_then(|added| added.body.clone()) {
            Some((content_type, body)) => (content_type, body),
            None => ("text/plain; charset=utf-8".to_owned(), format!("{}\n", self.reason).into()),
        };
        let mut head = ResponseHead::new(self.status.number(), self.status.phrase());
        head = match self.status {
            StatusCode::UPGRADE_REQUIRED => {
                head.field("Upgrade", "websocket").field("Connection", "Upgrade, close")
            }
            StatusCode::METHOD_NOT_ALLOWED if !self.fields().contains("Allow") => {
                head.field("Allow", "GET").field("Connection", "close")
            }
            _ => head.field("Connection", "close"),
        };
        if let Some(versions) = &self.versions {
            head = head.field("Sec-WebSocket-Version", versions);
        }
        for (name, value) in self.added.iter().flat_map(|added| &added.fields) {
            head = head.field(name, value);
        }
        let head = head
            .field("Content-Type", content_type)
            .field("Content-Length", body.len().to_string());
        (head, body)
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.status, self.reason)
    }
}

impl std::error::Error for Rejection {}

impl From<FieldError> for Rejection {
    fn from(error: FieldError) -> Rejection {
        Rejection::bad_request(error.to_string())
    }
}

impl From<HeadError> for Rejection {
    fn from(error: HeadError) -> Rejection {
        let status = match error {
            HeadError::TooLong | HeadError::TooManyFields => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            HeadError::Malformed(_) | HeadError::Tls => StatusCode::BAD_REQUEST,
        };
        Rejection::new(status, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_version_is_answered_with_the_versions_that_are_spoken() {
        let rejection =
            Rejection::new(StatusCode::UPGRADE_REQUIRED, "no").with_versions("13, 8, 7");
        let (head, body) = rejection.response();
        let mut wire = Vec::new();
        head.write(&mut wire).unwrap();
        assert_eq!(
            String::from_utf8(wire).unwrap(),
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\
             Connection: Upgrade, close\r\nSec-WebSocket-Version: 13, 8, 7\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\n"
        );
        assert_eq!(body, "no\n");
    }

    #[test]
    fn a_rejection_has_the_fields_and_the_body_that_were_added() {
        let rejection = Rejection::new(StatusCode::UNAUTHORIZED, "no token")
            .with_field("WWW-Authenticate", "Bearer")
            .with_body("application/json", "{}");
        let (head, body) = rejection.response();
        let mut wire = Vec::new();
        head.write(&mut wire).unwrap();
        assert_eq!(
            String::from_utf8(wire).unwrap(),
            "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nWWW-Authenticate: Bearer\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        );
        assert_eq!(body, "{}");
    }
}
