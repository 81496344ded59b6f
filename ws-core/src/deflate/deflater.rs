//! Messages on their way out.

use std::sync::atomic::{AtomicU64, Ordering};

use flate2::FlushCompress;

use super::history::History;
use super::window::{TAIL, Window};
use super::worker::{Compressor, ContextId, Shape, compress};

/// The next number for a connection.
static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// Room beyond the length of a message: what it cannot be compressed into is no gain.
const MARGIN: usize = 16;

#[derive(Debug)]
pub(super) struct Deflater {
    shape: Shape,
    min_size: usize,
    context: Option<SentContext>,
}

/// What messages may refer to.
#[derive(Debug)]
struct SentContext {
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
        // Nothing is not worth a byte.
        Deflater { shape, min_size: min_size.max(1), context }
    }

    /// Appends a message to `output`, compressed; `None`, and nothing appended, when that is no
    /// gain.
    pub(super) fn encode(&mut self, message: &[u8], output: &mut Vec<u8>) -> Option<()> {
        if message.len() < self.min_size {
            return None;
        }
        let start = output.len();
        compress(self.shape, |compressor| {
            let begun = self.begin(compressor);
            // Whatever comes of it: the compressor has seen this message, the peer perhaps not.
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

    /// Brings a compressor to where this connection is.
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

/// RFC 7692 §7.2.1.
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
