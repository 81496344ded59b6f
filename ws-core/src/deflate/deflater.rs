//! Compression of messages to be sent.

use std::sync::atomic::{AtomicU64, Ordering};

use flate2::FlushCompress;

use super::history::History;
use super::window::{TAIL, Window};
use super::worker::{Compressor, ContextId, Shape, compress};

/// The number of the next connection.
static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// By how many bytes the output buffer is longer than the message. Output that does not fit is not
/// shorter than the message.
const MARGIN: usize = 16;

/// Compresses the messages of one connection.
#[derive(Debug)]
pub(super) struct Deflater {
    shape: Shape,
    /// The shortest message that is compressed, in bytes; at least 1.
    min_size: usize,
    /// `Some` only with context takeover.
    context: Option<SentContext>,
}

/// The context that messages may refer to.
#[derive(Debug)]
struct SentContext {
    /// Its `messages` is the number of messages that were pushed to `history`.
    id: ContextId,
    history: History,
}

impl Deflater {
    pub(super) fn new(level: u8, min_size: usize, window: Window) -> Deflater {
        let context = window.history().map(|history| {
            let connection = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
            SentContext { id: ContextId { connection, messages: 0 }, history }
        });
        let shape = Shape { level, window_bits: window.bits };
        // An empty message never becomes shorter.
        Deflater { shape, min_size: min_size.max(1), context }
    }

    /// Appends a message to `output`, compressed; `None`, and nothing appended, when it is too
    /// short or does not become shorter.
    pub(super) fn encode(&mut self, message: &[u8], output: &mut Vec<u8>) -> Option<()> {
        if message.len() < self.min_size {
            return None;
        }
        let start = output.len();
        compress(self.shape, |compressor| {
            let begun = self.begin(compressor);
            // Until the message is known to be sent compressed: the compressor has seen it, and
            // the decompressor of the peer perhaps never will.
            compressor.context = None;
            let gained = begun.and_then(|()| deflate(compressor, message, output));
            match (gained, &mut self.context) {
                (None, _) => output.truncate(start),
                (Some(()), None) => {}
                (Some(()), Some(context)) => {
                    context.history.push(message);
                    context.id.messages += 1;
                    compressor.context = Some(context.id);
                }
            }
            gained
        })
    }

    /// Restores the context of this connection in a compressor.
    fn begin(&self, compressor: &mut Compressor) -> Option<()> {
        let Some(context) = &self.context else {
            compressor.engine.reset();
            return Some(());
        };
        if compressor.context == Some(context.id) {
            return Some(());
        }
        compressor.engine.reset();
        match context.history.bytes() {
            [] => Some(()),
            history => compressor.engine.set_dictionary(history).ok().map(|_| ()),
        }
    }
}

/// Compresses a message (RFC 7692 §7.2.1). `None` when it does not become shorter.
fn deflate(compressor: &mut Compressor, message: &[u8], output: &mut Vec<u8>) -> Option<()> {
    let start = output.len();
    output.reserve(message.len() + MARGIN);
    let taken = compressor.engine.total_in();
    compressor.engine.compress_vec(message, output, FlushCompress::Sync).ok()?;
    let whole = compressor.engine.total_in() - taken == message.len() as u64;
    let flushed = output.len() < output.capacity() && output[start..].ends_with(&TAIL);
    output.truncate(output.len().saturating_sub(TAIL.len()));
    (whole && flushed && output.len() - start < message.len()).then_some(())
}
