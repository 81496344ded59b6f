//! A refused opening handshake: an HTTP status, and a text that says what was expected.

use crate::head::{FieldError, HeadError, ResponseHead};

/// Why an opening handshake was refused, and the HTTP response that reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    status: Status,
    reason: String,
    versions: Option<String>,
}

/// The HTTP statuses of a refused opening handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// 400: the handshake is malformed.
    BadRequest,
    /// 403: this origin may not connect.
    Forbidden,
    /// 404: there is no WebSocket at this path.
    NotFound,
    /// 405: the method is not `GET`.
    MethodNotAllowed,
    /// 408: the head did not arrive in time.
    RequestTimeout,
    /// 426: not a WebSocket request, or one of a version that is not supported.
    UpgradeRequired,
    /// 431: the head is too long or has too many fields.
    HeadTooLarge,
    /// 500: the server is not set up for the request.
    InternalServerError,
    /// 501: something other than a WebSocket is requested, or a WebSocket in an unsupported way.
    NotImplemented,
    /// 503: the server shuts down, or has reached its limit of connections.
    ServiceUnavailable,
}

impl Status {
    /// The status code.
    pub fn code(self) -> u16 {
        match self {
            Status::BadRequest => 400,
            Status::Forbidden => 403,
            Status::NotFound => 404,
            Status::MethodNotAllowed => 405,
            Status::RequestTimeout => 408,
            Status::UpgradeRequired => 426,
            Status::HeadTooLarge => 431,
            Status::InternalServerError => 500,
            Status::NotImplemented => 501,
            Status::ServiceUnavailable => 503,
        }
    }

    /// The reason phrase.
    pub fn phrase(self) -> &'static str {
        match self {
            Status::BadRequest => "Bad Request",
            Status::Forbidden => "Forbidden",
            Status::NotFound => "Not Found",
            Status::MethodNotAllowed => "Method Not Allowed",
            Status::RequestTimeout => "Request Timeout",
            Status::UpgradeRequired => "Upgrade Required",
            Status::HeadTooLarge => "Request Header Fields Too Large",
            Status::InternalServerError => "Internal Server Error",
            Status::NotImplemented => "Not Implemented",
            Status::ServiceUnavailable => "Service Unavailable",
        }
    }
}

impl Rejection {
    /// A rejection with this status; `reason` says what was wrong, and what was expected.
    pub fn new(status: Status, reason: impl Into<String>) -> Rejection {
        Rejection { status, reason: reason.into(), versions: None }
    }

    /// 400 with this reason.
    pub fn bad_request(reason: impl Into<String>) -> Rejection {
        Rejection::new(Status::BadRequest, reason)
    }

    /// Adds the list of versions that the server supports, sent as `Sec-WebSocket-Version`
    /// (RFC 6455 §4.4).
    #[must_use]
    pub fn with_versions(mut self, versions: &str) -> Rejection {
        self.versions = (!versions.is_empty()).then(|| versions.to_owned());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What was wrong, and what was expected.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The head and body of the response. The connection is closed after it.
    pub fn response(&self) -> (ResponseHead, String) {
        let body = format!("{}\n", self.reason);
        let mut head = ResponseHead::new(self.status.code(), self.status.phrase());
        head = match self.status {
            Status::UpgradeRequired => {
                head.field("Upgrade", "websocket").field("Connection", "Upgrade, close")
            }
            Status::MethodNotAllowed => head.field("Allow", "GET").field("Connection", "close"),
            _ => head.field("Connection", "close"),
        };
        if let Some(versions) = &self.versions {
            head = head.field("Sec-WebSocket-Version", versions);
        }
        let head = head
            .field("Content-Type", "text/plain; charset=utf-8")
            .field("Content-Length", body.len().to_string());
        (head, body)
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status.code(), self.status.phrase(), self.reason)
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
            HeadError::TooLong | HeadError::TooManyFields => Status::HeadTooLarge,
            HeadError::Malformed(_) | HeadError::Tls => Status::BadRequest,
        };
        Rejection::new(status, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_version_is_answered_with_the_versions_that_are_spoken() {
        let rejection = Rejection::new(Status::UpgradeRequired, "no").with_versions("13, 8, 7");
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
}
