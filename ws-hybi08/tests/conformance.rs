//! The conformance suite.

use ws_core::conformance::Conformance;
use ws_hybi08::HYBI08;

#[test]
fn conforms() {
    Conformance::new(&HYBI08)
        .request(
            "GET /chat?room=1 HTTP/1.1\r\n\
             Host: server.example.com\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Origin: http://example.com\r\n\
             Sec-WebSocket-Protocol: chat, superchat\r\n\
             Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n\
             Sec-WebSocket-Version: 8\r\n\r\n",
        )
        .run();
}
