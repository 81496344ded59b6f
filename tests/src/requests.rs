//! Requests of each version, as their clients send them.

/// RFC 6455.
pub const RFC6455: &[u8] = b"GET /chat?x=1 HTTP/1.1\r\n\
    Host: example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// HyBi-08, as Chrome 14 sends it.
pub const HYBI08: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Origin: http://example.com\r\n\
    Sec-WebSocket-Version: 8\r\n\r\n";

/// HyBi-07, as Firefox 6 sends it.
pub const HYBI07: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Origin: http://example.com\r\n\
    Sec-WebSocket-Version: 7\r\n\r\n";

/// hixie-76: the head of its draft's first example. [`HIXIE76_KEY3`] follows it.
pub const HIXIE76: &[u8] = b"GET /demo HTTP/1.1\r\n\
    Host: example.com\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\
    Upgrade: WebSocket\r\n\
    Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n\
    Origin: http://example.com\r\n\r\n";

/// The eight bytes after [`HIXIE76`].
pub const HIXIE76_KEY3: &[u8] = b"^n:ds[4U";

/// The sixteen bytes that answer them.
pub const HIXIE76_ANSWER: &[u8] = b"8jKS'y:G*Co,Wxa-";

/// hixie-75, as Chrome 4 sends it.
pub const HIXIE75: &[u8] = b"GET /demo HTTP/1.1\r\n\
    Upgrade: WebSocket\r\n\
    Connection: Upgrade\r\n\
    Host: example.com\r\n\
    Origin: http://example.com\r\n\r\n";

/// A request with a further field.
pub fn with_field(request: &[u8], field: &str) -> Vec<u8> {
    let mut longer = request[..request.len() - 2].to_vec();
    longer.extend_from_slice(field.as_bytes());
    longer.extend_from_slice(b"\r\n\r\n");
    longer
}
