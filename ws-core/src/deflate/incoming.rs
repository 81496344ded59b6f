//! Payloads on their way in.

use flate2::{Decompress, FlushDecompress, Status};

use super::budget::{Budget, Reservation};
use super::history::History;
use super::transform::{TAIL, Window};
use super::worker::{DECOMPRESSOR_BYTES, give_decompressor, take_decompressor};
use crate::codec::ProtocolError;
use crate::extension::Step;

/// Decompresses one unit after the other: messages, or frames.
#[derive(Debug)]
pub(super) struct Incoming {
    history: Option<History>,
    budget: Budget,
    unit: Option<UnitUnderWay>,
}

/// What is put behind a payload: the tail that the sender took off, and a final block without
/// bytes. The engine comes to the end of that one only if the payload ended between two blocks.
const END: [u8; 9] = [TAIL[0], TAIL[1], TAIL[2], TAIL[3], 0x01, 0x00, 0x00, 0xff, 0xff];

/// A unit that has begun and not ended.
#[derive(Debug)]
struct UnitUnderWay {
    engine: Decompress,
    /// How much of [`END`] the engine has had.
    ended: usize,
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
        let mut progress = match unit.ended {
            0 => unit.feed(input, &mut consumed, self.history.as_mut(), output),
            _ => Ok(Progress::Starved),
        };
        if last && let Ok(Progress::Starved) = progress {
            progress = unit.finish(self.history.as_mut(), output);
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
        Ok(UnitUnderWay { engine, ended: 0, held: None })
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
            let (taken, status) = self.run(&input[*consumed..], history.as_deref_mut(), output);
            *consumed += taken;
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

    /// Decompresses what is not sent, and checks that the unit is whole.
    fn finish(
        &mut self,
        history: Option<&mut History>,
        output: &mut Vec<u8>,
    ) -> Result<Progress, ProtocolError> {
        if self.engine.total_in() == 0 {
            // Nothing, or nothing behind a final block: senders were seen to leave the empty
            // block away.
            return Ok(Progress::Starved);
        }
        let (taken, status) = self.run(&END[self.ended..], history, output);
        self.ended += taken;
        match status? {
            Status::StreamEnd if self.ended == END.len() => Ok(Progress::Starved),
            _ if output.len() == output.capacity() => Ok(Progress::Full),
            _ => Err(ProtocolError::InvalidCompression),
        }
    }

    /// Shows `input` to the engine, and tells how much of it was taken.
    fn run(
        &mut self,
        input: &[u8],
        history: Option<&mut History>,
        output: &mut Vec<u8>,
    ) -> (usize, Result<Status, ProtocolError>) {
        let (taken, produced) = (self.engine.total_in(), output.len());
        let status = self.engine.decompress_vec(input, output, FlushDecompress::Sync);
        if let Some(history) = history {
            history.push(&output[produced..]);
        }
        let taken = (self.engine.total_in() - taken) as usize;
        (taken, status.map_err(|_| ProtocolError::InvalidCompression))
    }
}
