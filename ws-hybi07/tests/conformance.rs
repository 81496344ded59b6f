//! The conformance suite.

use ws_core::conformance::Conformance;
use ws_hybi07::HYBI07;

#[test]
fn conforms() {
    Conformance::new(&HYBI07)
        .request(
            "GET /chat?room=1 HTTP/1.1\r\n\
             Host: server.example.com\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Origin: http://example.com\r\n\
             Sec-WebSocket-Protocol: chat, superchat\r\n\
             Sec-WebSocket-Extensions: deflate-stream\r\n\
             Sec-WebSocket-Version: 7\r\n\r\n",
        )
        .run();
}
