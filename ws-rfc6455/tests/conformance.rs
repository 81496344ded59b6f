//! The conformance suite.

use ws_core::conformance::Conformance;
use ws_rfc6455::RFC6455;

#[test]
fn conforms() {
    Conformance::new(&RFC6455)
        .request(
            "GET /chat?room=1 HTTP/1.1\r\n\
             Host: server.example.com\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Origin: http://example.com\r\n\
             Sec-WebSocket-Protocol: chat, superchat\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n",
        )
        .run();
}
