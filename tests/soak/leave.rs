//! How clients end an open WebSocket, cleanly and otherwise, and the response that they must get.

use std::time::Duration;

use crate::draft::{Draft, Fault};
use crate::random::Random;
use crate::service::CLOSE_NOW;
use crate::session::{Ending, Session, Target};
use crate::socket::Cut;
use crate::tally::Tally;
use crate::wire::{Wire, key};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// A Close, directly after messages, whose echoes are still expected where the echo allows it.
    Close,
    /// The target of the gateway closes.
    AskToClose,
    Cut(Cut),
    /// Disconnects while megabytes are in flight.
    Vanish,
    WithinFrame(Cut),
    WithinMessage(Cut),
    Fault(Fault),
}

/// How long a client sends before it vanishes.
const VANISHING: Duration = Duration::from_millis(300);

impl Leave {
    pub(crate) fn any(random: &mut Random, draft: Draft, target: Target) -> Leave {
        let cut = random.pick(&[Cut::Fin, Cut::Reset]);
        match random.below(12) {
            0..3 if target == Target::Gateway => Leave::AskToClose,
            0..4 => Leave::Close,
            4..6 => Leave::Cut(cut),
            6 => Leave::Vanish,
            7 => Leave::WithinFrame(cut),
            8 if !draft.is_hixie() => Leave::WithinMessage(cut),
            8 => Leave::WithinFrame(cut),
            _ => Leave::Fault(random.pick(draft.faults())),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Leave::Close => "closed",
            Leave::AskToClose => "were closed by the service",
            Leave::Cut(Cut::Fin) => "FIN",
            Leave::Cut(Cut::Reset) => "RST",
            Leave::Vanish => "gone with megabytes in flight",
            Leave::WithinFrame(Cut::Fin) => "FIN within a frame",
            Leave::WithinFrame(Cut::Reset) => "RST within a frame",
            Leave::WithinMessage(Cut::Fin) => "FIN within a message",
            Leave::WithinMessage(Cut::Reset) => "RST within a message",
            Leave::Fault(Fault::Garbage) => "closed for: garbage",
            Leave::Fault(Fault::Oversize) => "closed for: oversize",
            Leave::Fault(Fault::BadText) => "closed for: text that is not UTF-8",
            Leave::Fault(Fault::Unmasked) => "closed for: unmasked",
        }
    }
}

impl Session {
    pub(crate) async fn leave(mut self, leave: Leave) -> Result<Tally, String> {
        match leave {
            Leave::Close => self.close().await,
            Leave::AskToClose => {
                self.put_payload(CLOSE_NOW.to_vec(), true)?;
                let status = (!self.draft.is_hixie()).then_some(1000);
                self.expect(Ending::Close(status)).await?;
                self.check_settled()?;
                Ok(self.tally)
            }
            Leave::Cut(cut) => self.cut(cut).await,
            Leave::Vanish => {
                for _ in 0..4 {
                    self.put(500_000)?;
                }
                self.connection.send_if_taken(VANISHING).await;
                Ok(self.tally)
            }
            Leave::WithinFrame(cut) => {
                self.put_begun_frame();
                self.connection.send_if_taken(VANISHING).await;
                self.cut(cut).await
            }
            Leave::WithinMessage(cut) => {
                let fragment = ws_tests::masked_with(0x02, b"", key(&mut self.random));
                self.connection.outgoing().extend(fragment);
                self.connection.send_if_taken(VANISHING).await;
                self.cut(cut).await
            }
            Leave::Fault(fault) => {
                let wrong = self.wrong(fault);
                self.connection.outgoing().extend(wrong);
                // hixie-76 cannot express it.
                let told = |status| Ending::Close(Some(status));
                let ending = self.draft.status(fault).map_or(Ending::Cut, told);
                self.expect(ending).await?;
                Ok(self.tally)
            }
        }
    }

    /// The first bytes of a frame. The gateway does not wait for the others.
    fn put_begun_frame(&mut self) {
        const PAYLOAD: &[u8] = b"begun";
        let (frame, head) = match self.wire {
            Wire::Hixie => ([b"\0", PAYLOAD].concat(), 1),
            Wire::Hybi(_) => {
                let mut frame = ws_tests::masked_with(0x82, PAYLOAD, key(&mut self.random));
                frame[1] += 1;
                (frame, 6)
            }
        };
        let kept = 1 + self.random.size_below(frame.len());
        self.connection.outgoing().extend(&frame[..kept]);
        self.expect_part(&PAYLOAD[..kept.saturating_sub(head)]);
    }

    async fn close(mut self) -> Result<Tally, String> {
        if self.target == Target::Echo && self.random.one_in(2) {
            for _ in 0..1 + self.random.below(20) {
                self.put(1000)?;
            }
        }
        let status = self.random.pick(&[1000, 1001, 4000]);
        let status = (!self.draft.is_hixie()).then_some(status);
        self.put_close(status);
        self.expect(Ending::Close(status)).await?;
        self.check_settled()?;
        Ok(self.tally)
    }

    fn wrong(&mut self, fault: Fault) -> Vec<u8> {
        let key = key(&mut self.random);
        match (&self.wire, fault) {
            // An endless length, and one over the limit.
            (Wire::Hixie, Fault::Oversize) => vec![0x80, 0x90, 0x80, 0x80, 0x00],
            (Wire::Hixie, _) => [0x80; 11].to_vec(),
            // A reserved bit that no extension uses.
            (Wire::Hybi(_), Fault::Garbage) => ws_tests::masked_with(0xa2, b"garbage", key),
            (Wire::Hybi(_), Fault::Oversize) => {
                vec![0x82, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6]
            }
            (Wire::Hybi(_), Fault::BadText) => {
                // The gateway may have passed on the text before it.
                self.expect_part(b"a text that ends in ");
                ws_tests::masked_with(0x81, b"a text that ends in \xe2\x82", key)
            }
            (Wire::Hybi(_), Fault::Unmasked) => ws_tests::frame(0x82, b"unmasked"),
        }
    }
}
