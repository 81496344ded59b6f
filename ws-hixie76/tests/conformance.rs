//! The conformance suite.

use ws_core::conformance::Conformance;
use ws_hixie76::HIXIE76;

#[test]
fn conforms() {
    let fields = "Connection: Upgrade\r\nHost: example.com\r\nUpgrade: WebSocket\r\n\
                  Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\
                  Sec-WebSocket-Protocol: chat, superchat\r\n\
                  Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n";
    Conformance::new(&HIXIE76)
        .request(format!("GET /chat?room=1 HTTP/1.1\r\n{fields}\r\n"))
        .request(format!("GET / HTTP/1.1\r\n{fields}Content-Length: 8\r\n\r\n"))
        .after_the_head(b"^n:ds[4U")
        .answer(b"8jKS'y:G*Co,Wxa-")
        .run();
}
