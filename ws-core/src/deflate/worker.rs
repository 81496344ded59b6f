//! Compressors and decompressors, which belong to a worker thread and not to a connection.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress};

/// The settings that a compressor is created with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) level: u8,
    pub(super) window_bits: u8,
}

/// A compressor, and the context that it holds.
#[derive(Debug)]
pub(super) struct Compressor {
    shape: Shape,
    pub(super) engine: Compress,
    /// The context that the engine holds. `None` if that of no connection.
    pub(super) context: Option<ContextId>,
}

/// The context of a connection after a number of its messages. No two connections have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContextId {
    pub(super) connection: u64,
    pub(super) messages: u64,
}

/// The memory of a decompressor, in bytes: its window, its tables, and a margin.
pub(super) const DECOMPRESSOR_BYTES: usize = 48 * 1024;

/// The most compressors that a worker keeps. It uses more than one where clients limit the window.
const COMPRESSORS: usize = 4;

/// The most decompressors that a worker keeps.
const DECOMPRESSORS: usize = 8;

thread_local! {
    static COMPRESSING: RefCell<Vec<Compressor>> = const { RefCell::new(Vec::new()) };
    static DECOMPRESSING: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with the worker's compressor of this shape, which is created if there is none. The
/// one that was created first may be dropped for it.
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
        // zlib has no window of 8 bits. In one of 9 bits it refers back 250 bytes at most, 512 less
        // its look-ahead of 262, which a window of 8 bits allows.
        let bits = shape.window_bits.max(9);
        let engine = Compress::new_with_window_bits(level, false, bits);
        Compressor { shape, engine, context: None }
    }
}

/// Takes a decompressor that is at the beginning of a stream and has `history` as its window.
pub(super) fn take_decompressor(history: &[u8]) -> Option<Decompress> {
    let kept = DECOMPRESSING.with_borrow_mut(Vec::pop);
    let mut engine = kept.unwrap_or_else(|| Decompress::new(false));
    engine.reset(false);
    if !history.is_empty() {
        engine.set_dictionary(history).ok()?;
    }
    Some(engine)
}

/// Returns a decompressor to the worker.
pub(super) fn give_decompressor(engine: Decompress) {
    // A connection may be dropped at the end of its thread, after the thread-local storage.
    let _kept = DECOMPRESSING.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < DECOMPRESSORS {
            kept.push(engine);
        }
    });
}
