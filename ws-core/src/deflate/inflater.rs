//! Decompression of received payloads.

use flate2::{Decompress, FlushDecompress, Status};

use super::budget::{Budget, Reservation};
use super::history::History;
use super::window::{TAIL, Window};
use super::worker::{DECOMPRESSOR_BYTES, give_decompressor, take_decompressor};
use crate::extension::Step;
use crate::protocol_error::ProtocolError;

/// Decompresses one unit after the other: messages, or frames.
#[derive(Debug)]
pub(super) struct Inflater {
    /// The context. `Some` only with context takeover.
    history: Option<History>,
    budget: Budget,
    /// The unit that has begun. `None` between two units, and after an error.
    unit: Option<UnitUnderWay>,
}

/// What the decompressor is given after a payload: the tail that the sender has removed
/// (RFC 7692 §7.2.1), and an empty final block. It ends the stream exactly after one of them only
/// if the payload ended at a block boundary.
const END: [u8; 9] = [TAIL[0], TAIL[1], TAIL[2], TAIL[3], 0x01, 0x00, 0x00, 0xff, 0xff];

/// A unit that has begun and not ended.
#[derive(Debug)]
struct UnitUnderWay {
    engine: Decompress,
    /// An error that was found after output, which the next call returns.
    wrong: Option<ProtocolError>,
    /// The memory of the engine. `Some` once the unit outlives the call that it began in.
    held: Option<Reservation>,
}

/// The outcome of one call to the engine.
enum Progress {
    /// The output is full; there may be more.
    Full,
    /// The input is consumed.
    Starved,
}

impl Inflater {
    pub(super) fn new(window: Window, budget: Budget) -> Inflater {
        Inflater { history: window.history(), budget, unit: None }
    }

    /// Decompresses `input` (RFC 7692 §7.2.2) and appends the result to `output`, within its
    /// capacity. `last` says that the unit ends with this input.
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        last: bool,
        output: &mut Vec<u8>,
    ) -> Result<Step, ProtocolError> {
        let mut unit = match self.unit.take() {
            Some(unit) => unit,
            None => UnitUnderWay::begin(self.history.as_ref())?,
        };
        if let Some(error) = unit.wrong {
            return Err(error);
        }
        let (mut consumed, before) = (0, output.len());
        let mut progress = unit.feed(input, &mut consumed, self.history.as_mut(), output);
        if last && let Ok(Progress::Starved) = progress {
            progress = unit.finish(output).map(|()| Progress::Starved);
        }
        let progress = match progress {
            Err(error) if output.len() > before => {
                unit.wrong = Some(error);
                Progress::Full
            }
            progress => progress?,
        };
        let done = matches!(progress, Progress::Starved);
        if done && last {
            unit.end();
        } else {
            unit.held.get_or_insert_with(|| self.budget.charge(DECOMPRESSOR_BYTES));
            self.unit = Some(unit);
        }
        Ok(Step::new(consumed, done))
    }

    /// Discards a unit that will not end.
    pub(super) fn abandon(&mut self) {
        if let Some(unit) = self.unit.take() {
            unit.end();
        }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl UnitUnderWay {
    fn begin(history: Option<&History>) -> Result<UnitUnderWay, ProtocolError> {
        let history = history.map_or(&[][..], History::bytes);
        let engine = take_decompressor(history).ok_or(ProtocolError::InvalidCompression)?;
        Ok(UnitUnderWay { engine, wrong: None, held: None })
    }

    fn end(self) {
        give_decompressor(self.engine);
    }

    /// Decompresses `input` from `consumed` on, until all of it is consumed or `output` is full.
    fn feed(
        &mut self,
        input: &[u8],
        consumed: &mut usize,
        mut history: Option<&mut History>,
        output: &mut Vec<u8>,
    ) -> Result<Progress, ProtocolError> {
        loop {
            let produced = output.len();
            let (taken, status) = self.run(&input[*consumed..], output);
            *consumed += taken;
            if let Some(history) = &mut history {
                history.push(&output[produced..]);
            }
            let status = status?;
            if status == Status::StreamEnd {
                // A final block ends a stream, and another stream may follow in the same message
                // (RFC 7692 §7.2.3.4).
                self.engine.reset(false);
            }
            if output.len() == output.capacity() {
                return Ok(Progress::Full);
            }
            if *consumed == input.len() {
                return Ok(Progress::Starved);
            }
            if taken == 0 && output.len() == produced && status != Status::StreamEnd {
                return Err(ProtocolError::InvalidCompression);
            }
        }
    }

    /// Decompresses [`END`], and checks that the unit is complete. `output` is not full, so that
    /// all output of the payload itself is in it already.
    fn finish(&mut self, output: &mut Vec<u8>) -> Result<(), ProtocolError> {
        if self.engine.total_in() == 0 {
            // No input, or none after a final block: some senders omit the empty block.
            return Ok(());
        }
        let before = output.len();
        let (taken, status) = self.run(&END, output);
        let invented = output.len() > before;
        output.truncate(before);
        match status? {
            // The empty block of the sender may itself be final.
            Status::StreamEnd if !invented && [TAIL.len(), END.len()].contains(&taken) => Ok(()),
            _ => Err(ProtocolError::InvalidCompression),
        }
    }

    /// Calls the engine with `input`, and returns how many bytes of it were consumed.
    fn run(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> (usize, Result<Status, ProtocolError>) {
        let before = self.engine.total_in();
        let status = self.engine.decompress_vec(input, output, FlushDecompress::Sync);
        let taken = (self.engine.total_in() - before) as usize;
        (taken, status.map_err(|_| ProtocolError::InvalidCompression))
    }
}
