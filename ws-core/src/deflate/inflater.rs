//! Payloads on their way in.

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
    history: Option<History>,
    budget: Budget,
    unit: Option<UnitUnderWay>,
}

/// What is put behind a payload: the tail that the sender took off, and a final block without
/// bytes. The engine comes to the end of one of them only if the payload ended between two blocks.
const END: [u8; 9] = [TAIL[0], TAIL[1], TAIL[2], TAIL[3], 0x01, 0x00, 0x00, 0xff, 0xff];

/// A unit that has begun and not ended.
#[derive(Debug)]
struct UnitUnderWay {
    engine: Decompress,
    /// What was wrong, once all that came before is put out.
    wrong: Option<ProtocolError>,
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

impl Inflater {
    pub(super) fn new(window: Window, budget: Budget) -> Inflater {
        Inflater { history: window.history(), budget, unit: None }
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
        Ok(Step { consumed, done })
    }

    /// Forgets a unit that will not end.
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

    /// Decompresses `input` from `consumed` on, until it is used up or `output` is full.
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
                // A final block ends a stream, and another may follow in the same message
                // (RFC 7692 §7.2.3.4). It begins afresh.
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

    /// Decompresses what is not sent, and checks that the unit is whole. There is room in
    /// `output`, so all that was fed has come out.
    fn finish(&mut self, output: &mut Vec<u8>) -> Result<(), ProtocolError> {
        if self.engine.total_in() == 0 {
            // Nothing, or nothing behind a final block: senders were seen to leave the empty
            // block away.
            return Ok(());
        }
        let before = output.len();
        let (taken, status) = self.run(&END, output);
        let invented = output.len() > before;
        output.truncate(before);
        match status? {
            // The empty block itself may be final.
            Status::StreamEnd if !invented && [TAIL.len(), END.len()].contains(&taken) => Ok(()),
            _ => Err(ProtocolError::InvalidCompression),
        }
    }

    /// Shows `input` to the engine, and tells how much of it was taken.
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
