//! A whole connection, from its request to its end: the outcome is the same in slices as whole.

use crate::drafts::{Spoken, put_masked};
use crate::server::{Kind, converse};
use crate::slices::Slices;

/// Sends the input as frames to a server that echoes messages.
pub fn run(data: &[u8]) {
    let Some((pick, data)) = data.split_first() else { return };
    let spoken = Spoken::pick(*pick);
    let slices = Slices::read(data);
    let mut wire = spoken.request("");
    match (pick & 8 == 0, spoken.is_hybi()) {
        (true, true) => put_frames(slices.bytes, &mut wire),
        (true, false) => put_texts(slices.bytes, &mut wire),
        (false, _) => wire.extend_from_slice(slices.bytes),
    }
    let whole = converse(Kind::Messages, &[&wire]);
    let cut = converse(Kind::Messages, &slices.of(&wire));
    assert!(
        whole == cut,
        "whole: {}\n  cut: {}\n   of: {}",
        whole.escape_ascii(),
        cut.escape_ascii(),
        wire.escape_ascii()
    );
}

/// Builds frames from the input: a byte for the first byte, one for the length, and the payload.
/// Occasionally, bytes of the input are appended to the wire unchanged.
fn put_frames(mut script: &[u8], wire: &mut Vec<u8>) {
    while let [first, len, rest @ ..] = script {
        let (payload, behind) = rest.split_at(usize::from(*len).min(rest.len()));
        script = behind;
        match first & 0x70 {
            // The payload is repeated, so that some lengths need two bytes.
            0x10 => put_masked(first & 0x8f, &payload.repeat(8), wire),
            0x70 => wire.extend_from_slice(payload),
            0x60 => put_masked(*first, payload, wire),
            _ => put_masked(first & 0x8f, payload, wire),
        }
    }
}

/// Builds frames of hixie-76 from the input.
fn put_texts(mut script: &[u8], wire: &mut Vec<u8>) {
    while let [first, len, rest @ ..] = script {
        let (payload, behind) = rest.split_at(usize::from(*len).min(rest.len()));
        script = behind;
        match first & 3 {
            0 | 1 => {
                wire.push(0);
                wire.extend(payload.iter().filter(|byte| **byte != 0xff));
                wire.push(0xff);
            }
            2 => wire.extend_from_slice(&[0xff, 0]),
            _ => wire.extend_from_slice(payload),
        }
    }
}
