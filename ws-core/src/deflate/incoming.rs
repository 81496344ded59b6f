//! Payloads on their way in.

use flate2::{Decompress, FlushDecompress, Status};

use super::budget::{Budget, Reservation};
use super::history::History;
use super::transform::{TAIL, Window};
use super::worker::{DECOMPRESSOR_BYTES, give_decompressor, rewind, take_decompressor};
use crate::codec::ProtocolError;
use crate::extension::Step;

/// Decompresses one unit after the other: messages, or frames.
#[derive(Debug)]
pub(super) struct Incoming {
    history: Option<History>,
    budget: Budget,
    unit: Option<UnitUnderWay>,
}

/// A unit that has begun and not ended.
#[derive(Debug)]
struct UnitUnderWay {
    engine: Decompress,
    /// How much of the tail, which the sender took off, was put behind the payload.
    tail: usize,
    /// It outlives the call that it began in.
    held: Option<Reservation>,
}

/// What one call to the engine did.
enum Progress {
    /// There may be more to come out.
    Full,
    /// What was shown is used up.
    Starved,
}

impl Incoming {
    pub(super) fn new(window: Window, budget: Budget) -> Incoming {
        Incoming { history: window.history(), budget, unit: None }
    }

    /// RFC 7692 §7.2.2: appends what `input` stands for to `output`, within its capacity. `last`
    /// says that the unit ends with it.
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
        let (mut consumed, before) = (0, output.len());
        let mut progress = unit.feed(input, &mut consumed, self.history.as_mut(), output);
        if last && let Ok(Progress::Starved) = progress {
            let (tail, mut fed) = (unit.tail, 0);
            progress = unit.feed(&TAIL[tail..], &mut fed, self.history.as_mut(), output);
            unit.tail += fed;
        }
        let progress = match progress {
            // What came out before the error comes first; the engine will not forget the error.
            Err(_) if output.len() > before => Progress::Full,
            progress => progress?,
        };
        let done = matches!(progress, Progress::Starved);
        if done && last {
            unit.end();
        } else {
            unit.held.get_or_insert_with(|| self.budget.charge(DECOMPRESSOR_BYTES));
            self.unit = Some(unit);
        }
        Ok(Step { consumed, done })
    }

    /// Forgets a unit that will not end.
    pub(super) fn abandon(&mut self) {
        if let Some(unit) = self.unit.take() {
            unit.end();
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl UnitUnderWay {
    fn begin(history: Option<&History>) -> Result<UnitUnderWay, ProtocolError> {
        let history = history.map_or(&[][..], History::bytes);
        let engine = take_decompressor(history).ok_or(ProtocolError::InvalidCompression)?;
        Ok(UnitUnderWay { engine, tail: 0, held: None })
    }

    fn end(self) {
        give_decompressor(self.engine);
    }

    /// Decompresses `input` from `consumed` on, until it is used up or `output` is full.
    fn feed(
        &mut self,
        input: &[u8],
        consumed: &mut usize,
        mut history: Option<&mut History>,
        output: &mut Vec<u8>,
    ) -> Result<Progress, ProtocolError> {
        loop {
            let (taken, produced) = (self.engine.total_in(), output.len());
            let rest = &input[*consumed..];
            let status = self.engine.decompress_vec(rest, output, FlushDecompress::Sync);
            let taken = (self.engine.total_in() - taken) as usize;
            *consumed += taken;
            if let Some(history) = &mut history {
                history.push(&output[produced..]);
            }
            let status = status.map_err(|_| ProtocolError::InvalidCompression)?;
            if status == Status::StreamEnd {
                // A final block ends a stream, and another may follow in the same message
                // (RFC 7692 §7.2.3.4).
                let history = history.as_deref().map_or(&[][..], History::bytes);
                rewind(&mut self.engine, history).ok_or(ProtocolError::InvalidCompression)?;
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
}
