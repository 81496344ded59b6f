//! A service of byte streams receives the same bytes, however the input is cut.

use crate::drafts::Spoken;
use crate::server::{Taken, hand_over};
use crate::slices::Slices;

/// Sends the input, as frames, to a service of byte streams.
pub fn run(data: &[u8]) {
    let Some((pick, data)) = data.split_first() else { return };
    let spoken = Spoken::pick(*pick);
    let slices = Slices::read(data);
    let fields = match pick & 8 {
        0 => "",
        _ => "Sec-WebSocket-Protocol: base64\r\n",
    };
    let mut wire = spoken.request(fields);
    wire.extend_from_slice(slices.bytes);
    let whole = hand_over(&[&wire]).expect("the request is right");
    let cut = hand_over(&slices.of(&wire)).expect("the request is right");
    assert!(same(&whole, &cut), "whole: {whole:02x?}\n  cut: {cut:02x?}");
}

/// Whether two outcomes agree. Before an error, a service may receive more bytes when they arrive
/// slowly.
fn same(whole: &Taken, cut: &Taken) -> bool {
    let alike = whole.bytes.starts_with(&cut.bytes) || cut.bytes.starts_with(&whole.bytes);
    whole.clean == cut.clean && alike && (!whole.clean || whole.bytes == cut.bytes)
}
