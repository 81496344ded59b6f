//! Base64 messages are decoded to the same bytes as by another decoder, or to an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::drafts::{Spoken, put_masked};
use crate::server::{Taken, hand_over};
use crate::slices::Slices;

/// Sends the input, as a fragmented text message, to a service of byte streams.
pub fn run(data: &[u8]) {
    let slices = Slices::read(data);
    let text = &slices.bytes[..slices.bytes.len().min(1500)];
    let mut wire = Spoken::pick(0).request("Sec-WebSocket-Protocol: base64\r\n");
    let pieces = slices.of(text);
    for (n, piece) in pieces.iter().enumerate() {
        let fin = if n + 1 == pieces.len() { 0x80 } else { 0 };
        put_masked(fin | u8::from(n == 0), piece, &mut wire);
    }
    put_masked(0x88, b"", &mut wire);
    let taken = hand_over(&[&wire]).expect("the request is valid");
    match STANDARD.decode(text) {
        Ok(bytes) => assert_eq!(taken, Taken { bytes, clean: true }),
        Err(error) => assert!(!taken.clean, "{error}, and {taken:02x?}"),
    }
}
