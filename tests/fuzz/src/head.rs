//! A request head is parsed the same however it arrives, and is within its limits.

use ws_core::head::{HeadError, HeadReader, MAX_FIELDS, MAX_HEAD_BYTES, RequestHead};

use crate::slices::Slices;

/// Reads a head, and returns how many bytes were consumed.
fn read(pieces: &[&[u8]]) -> Result<(usize, Option<RequestHead>), HeadError> {
    let mut reader = HeadReader::new();
    let mut taken = 0;
    for piece in pieces {
        let (count, head) = reader.push(piece)?;
        taken += count;
        assert!(count <= piece.len(), "more is consumed than there is");
        if head.is_some() {
            return Ok((taken, head));
        }
        assert_eq!(count, piece.len(), "bytes are left, and there is no head");
    }
    Ok((taken, None))
}

/// Reads the input whole and in slices.
pub fn run(data: &[u8]) {
    let slices = Slices::read(data);
    let whole = read(&[slices.bytes]);
    let cut = read(&slices.pieces());
    assert_eq!(format!("{whole:?}"), format!("{cut:?}"));
    if let Ok((taken, head)) = whole {
        assert!(taken <= MAX_HEAD_BYTES, "a head of {taken} bytes");
        let Some(head) = head else { return };
        assert!(slices.bytes[..taken].ends_with(b"\r\n\r\n"), "bytes after the head are consumed");
        assert!(head.fields().len() <= MAX_FIELDS, "{} fields", head.fields().len());
        for (name, value) in head.fields().iter() {
            let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
            assert!(!name.bytes().any(|byte| breaks(&byte)), "{name:?}");
            assert!(!value.iter().any(breaks), "{name}: {value:?}");
        }
    }
}
