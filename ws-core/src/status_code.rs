//! The status of an HTTP response that refuses an opening handshake.

/// The status code of a response that opens no WebSocket (RFC 9110 §15): 300 to 599, without 304,
/// which answers other requests and has no body.
///
/// Statuses of success open something, so they are none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $phrase:literal;)*) => {
        impl StatusCode {
            $(
                $(#[$doc])*
                pub const $name: StatusCode = StatusCode($number);
            )*

            /// The reason phrase; empty for a status that is not named here.
            pub const fn phrase(self) -> &'static str {
                match self.0 {
                    $($number => $phrase,)*
                    _ => "",
                }
            }
        }
    };
}

statuses! {
    /// 301: the WebSocket is elsewhere. Browsers do not follow.
    MOVED_PERMANENTLY = 301, "Moved Permanently";
    /// 302: the WebSocket is elsewhere for now. Browsers do not follow.
    FOUND = 302, "Found";
    /// 307: the WebSocket is elsewhere for now. Browsers do not follow.
    TEMPORARY_REDIRECT = 307, "Temporary Redirect";
    /// 308: the WebSocket is elsewhere. Browsers do not follow.
    PERMANENT_REDIRECT = 308, "Permanent Redirect";
    /// 400: the handshake is malformed.
    BAD_REQUEST = 400, "Bad Request";
    /// 401: the client has to authenticate; needs a field `WWW-Authenticate`.
    UNAUTHORIZED = 401, "Unauthorized";
    /// 403: this client, or this origin, may not connect.
    FORBIDDEN = 403, "Forbidden";
    /// 404: there is no WebSocket at this path.
    NOT_FOUND = 404, "Not Found";
    /// 405: the method is not `GET`.
    METHOD_NOT_ALLOWED = 405, "Method Not Allowed";
    /// 408: the head did not arrive in time.
    REQUEST_TIMEOUT = 408, "Request Timeout";
    /// 409: the request is in conflict with the state of the server.
    CONFLICT = 409, "Conflict";
    /// 410: there is no WebSocket at this path any more.
    GONE = 410, "Gone";
    /// 426: not a WebSocket request, or one of a version that is not supported.
    UPGRADE_REQUIRED = 426, "Upgrade Required";
    /// 429: the client asks too often.
    TOO_MANY_REQUESTS = 429, "Too Many Requests";
    /// 431: the head is too long or has too many fields.
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431, "Request Header Fields Too Large";
    /// 500: the server is not set up for the request, or met an unexpected condition.
    INTERNAL_SERVER_ERROR = 500, "Internal Server Error";
    /// 501: something other than a WebSocket is requested, or a WebSocket in an unsupported way.
    NOT_IMPLEMENTED = 501, "Not Implemented";
    /// 502: the server behind this gateway cannot be reached, or its answer is invalid.
    BAD_GATEWAY = 502, "Bad Gateway";
    /// 503: the server shuts down, or has reached a limit.
    SERVICE_UNAVAILABLE = 503, "Service Unavailable";
    /// 504: the server behind this gateway has not answered in time.
    GATEWAY_TIMEOUT = 504, "Gateway Timeout";
}

impl StatusCode {
    /// The status of this number, if it is within 300 to 599 and not 304.
    pub const fn new(number: u16) -> Option<StatusCode> {
        match number {
            300..=303 | 305..=599 => Some(StatusCode(number)),
            _ => None,
        }
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for StatusCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.phrase() {
            "" => self.0.fmt(f),
            phrase => write!(f, "{} {phrase}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_a_status_that_opens_nothing_and_may_have_a_body() {
        for number in [0, 99, 101, 200, 299, 304, 600] {
            assert_eq!(StatusCode::new(number), None, "{number}");
        }
        assert_eq!(StatusCode::new(403), Some(StatusCode::FORBIDDEN));
        assert_eq!(StatusCode::new(403).unwrap().to_string(), "403 Forbidden");
        assert_eq!(StatusCode::new(418).unwrap().to_string(), "418");
    }
}
