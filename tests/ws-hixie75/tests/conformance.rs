//! The conformance suite.

use ws_core::conformance::Conformance;
use ws_hixie75::HIXIE75;

#[test]
fn conforms() {
    Conformance::new(&HIXIE75)
        .request(
            "GET /demo?room=1 HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
             Host: example.com\r\nOrigin: http://example.com\r\n\
             WebSocket-Protocol: sample\r\n\r\n",
        )
        .run();
}
