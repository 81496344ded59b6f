//! Compressors and decompressors that belong to a worker thread, not to a connection.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress};

/// What a compressor is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) level: u8,
    pub(super) window_bits: u8,
}

/// A compressor, and whose text is in it.
#[derive(Debug)]
pub(super) struct Compressor {
    shape: Shape,
    pub(super) engine: Compress,
    /// The connection it worked for last, and how far that was.
    pub(super) context: Option<ContextId>,
}

/// The context of a connection after so many of its messages. No two connections have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContextId {
    pub(super) connection: u64,
    pub(super) messages: u64,
}

/// What a decompressor takes, in bytes: its window, its tables, and a little for growth.
pub(super) const DECOMPRESSOR_BYTES: usize = 48 * 1024;

/// How many compressors a worker keeps. More than one are in use where clients limit the window.
const COMPRESSORS: usize = 4;

/// How many decompressors a worker keeps.
const DECOMPRESSORS: usize = 8;

thread_local! {
    static COMPRESSING: RefCell<Vec<Compressor>> = const { RefCell::new(Vec::new()) };
    static DECOMPRESSING: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
}

/// Uses the worker's compressor of this shape.
pub(super) fn compress<T>(shape: Shape, work: impl FnOnce(&mut Compressor) -> T) -> T {
    COMPRESSING.with_borrow_mut(|kept| {
        let at = match kept.iter().position(|compressor| compressor.shape == shape) {
            Some(at) => at,
            None => {
                kept.truncate(COMPRESSORS - 1);
                kept.insert(0, Compressor::new(shape));
                0
            }
        };
        work(&mut kept[at])
    })
}

impl Compressor {
    fn new(shape: Shape) -> Compressor {
        let level = Compression::new(u32::from(shape.level));
        // A window of 8 bits is one of 9 to DEFLATE libraries, which never refer back farther
        // than 250 bytes in it.
        let bits = shape.window_bits.max(9);
        let engine = Compress::new_with_window_bits(level, false, bits);
        Compressor { shape, engine, context: None }
    }
}

/// A decompressor at the beginning of a stream, after `history`.
pub(super) fn take_decompressor(history: &[u8]) -> Option<Decompress> {
    let kept = DECOMPRESSING.with_borrow_mut(Vec::pop);
    let mut engine = kept.unwrap_or_else(|| Decompress::new(false));
    engine.reset(false);
    if !history.is_empty() {
        engine.set_dictionary(history).ok()?;
    }
    Some(engine)
}

pub(super) fn give_decompressor(engine: Decompress) {
    // A connection may end with its thread, when this is gone already.
    let _kept = DECOMPRESSING.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < DECOMPRESSORS {
            kept.push(engine);
        }
    });
}
