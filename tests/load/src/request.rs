//! The opening handshake of each draft, and the expected response.

use crate::draft::Draft;
use crate::payload::MessageOptions;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to [`KEY`].
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The example of draft-hixie-thewebsocketprotocol-76 §1.3.
const KEYS_76: &str =
    "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n";
const NONCE_76: &[u8] = b"^n:ds[4U";
/// The answer to [`KEYS_76`] and [`NONCE_76`].
pub(crate) const ANSWER_76: &[u8] = b"8jKS'y:G*Co,Wxa-";

/// The request that opens a connection; empty without a handshake.
pub(crate) fn request(options: &MessageOptions) -> Vec<u8> {
    let MessageOptions { draft, path, origin, .. } = options;
    let version = draft.name();
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n");
    let mut nonce: &[u8] = b"";
    let mut protocol_field = "Sec-WebSocket-Protocol";
    match draft {
        Draft::Tcp => return Vec::new(),
        Draft::Rfc6455 => {
            request += &format!(
                "Upgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\n\
                 Sec-WebSocket-Version: {version}\r\nOrigin: {origin}\r\n"
            );
        }
        Draft::Hybi08 | Draft::Hybi07 => {
            request += &format!(
                "Upgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\n\
                 Sec-WebSocket-Version: {version}\r\nSec-WebSocket-Origin: {origin}\r\n"
            );
        }
        Draft::Hixie76 => {
            request += &format!("Upgrade: WebSocket\r\nOrigin: {origin}\r\n{KEYS_76}");
            nonce = NONCE_76;
        }
        Draft::Hixie75 => {
            request += &format!("Upgrade: WebSocket\r\nOrigin: {origin}\r\n");
            protocol_field = "WebSocket-Protocol";
        }
    }
    if let Some(protocol) = &options.protocol {
        request += &format!("{protocol_field}: {protocol}\r\n");
    }
    match options.deflate {
        None => {}
        Some(true) => {
            request += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
        }
        Some(false) => {
            request += "Sec-WebSocket-Extensions: permessage-deflate; \
                        client_no_context_takeover; server_no_context_takeover\r\n";
        }
    }
    request += "\r\n";
    let mut request = request.into_bytes();
    request.extend_from_slice(nonce);
    request
}
