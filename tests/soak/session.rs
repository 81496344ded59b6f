//! An open WebSocket, and the echoes that are expected on it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::connection::{Connection, Reading, Turn};
use crate::draft::Draft;
use crate::payload::{Look, difference, payload};
use crate::random::Random;
use crate::socket::Cut;
use crate::tally::Tally;
use crate::wire::{Said, Wire, key};

/// The time limit of an echo.
pub(crate) const STALL: Duration = Duration::from_secs(30);

/// The kind of echo behind the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Messages are echoed unchanged.
    Echo,
    /// Bytes are echoed in messages of any size.
    Gateway,
}

/// The end that a client expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A Close with this status, and the end of the stream.
    Close(Option<u16>),
    /// The end of the stream, whatever is received before.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) wire: Wire,
    pub(crate) draft: Draft,
    pub(crate) target: Target,
    pub(crate) random: Random,
    pub(crate) tally: Tally,
    /// The id of this client, which is in each message.
    id: u64,
    number: u32,
    expected: VecDeque<Expected>,
    /// How much of the first of them has been echoed.
    at: usize,
    pings: VecDeque<u32>,
    close_is_sent: bool,
}

#[derive(Debug)]
struct Expected {
    number: u32,
    text: bool,
    payload: Vec<u8>,
}

impl Session {
    pub(crate) fn new(
        connection: Connection,
        wire: Wire,
        draft: Draft,
        target: Target,
        id: u64,
        random: Random,
    ) -> Session {
        Session {
            connection,
            wire,
            draft,
            target,
            random,
            tally: Tally::default(),
            id,
            number: 0,
            expected: VecDeque::new(),
            at: 0,
            pings: VecDeque::new(),
            close_is_sent: false,
        }
    }

    /// Queues a message of this size.
    pub(crate) fn put(&mut self, len: usize) -> Result<(), String> {
        let look = match self.draft {
            Draft::Hixie76 => self.random.pick(&[Look::Text, Look::Repetitive]),
            _ => self.random.pick(&[Look::Text, Look::Repetitive, Look::Binary]),
        };
        let payload = payload(self.id, self.number, look, len);
        self.put_payload(payload, look.is_text())
    }

    pub(crate) fn put_payload(&mut self, payload: Vec<u8>, text: bool) -> Result<(), String> {
        let frames = if self.random.one_in(4) { 2 + self.random.size_below(5) } else { 1 };
        let output = self.connection.outgoing();
        self.wire.write(text, &payload, frames, &mut self.random, output)?;
        self.tally.sent.count(1, payload.len());
        let text = self.comes_back_as_text(text);
        self.expected.push_back(Expected { number: self.number, text, payload });
        self.number += 1;
        Ok(())
    }

    /// The gateway sends bytes as binary messages, if the draft has them.
    fn comes_back_as_text(&self, text: bool) -> bool {
        match self.target {
            Target::Echo => text,
            Target::Gateway => self.draft.is_hixie(),
        }
    }

    /// This much of a message that is never completed may be echoed.
    pub(crate) fn expect_part(&mut self, payload: &[u8]) {
        let text = self.comes_back_as_text(true);
        if self.target == Target::Gateway {
            self.expected.push_back(Expected {
                number: self.number,
                text,
                payload: payload.to_vec(),
            });
        }
    }

    pub(crate) fn put_close(&mut self, status: Option<u16>) {
        self.wire.write_close(status, &mut self.random, self.connection.outgoing());
        self.close_is_sent = true;
    }

    pub(crate) fn put_ping(&mut self) {
        let frame = ws_tests::masked_with(0x89, &self.number.to_be_bytes(), key(&mut self.random));
        self.connection.outgoing().extend(frame);
        self.pings.push_back(self.number);
        self.number += 1;
    }

    /// Sends unsent data, and waits until everything has been echoed.
    pub(crate) async fn settle(&mut self) -> Result<(), String> {
        match timeout(STALL, self.until_settled()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("stalled for {STALL:?}: {}", self.outstanding())),
        }
    }

    async fn until_settled(&mut self) -> Result<(), String> {
        // The data received before may be complete.
        self.hear()?;
        self.pass_empty();
        while !(self.connection.is_sent() && self.expected.is_empty() && self.pings.is_empty()) {
            let turn = self.connection.turn(Reading::On).await;
            let heard = match turn.map_err(|error| format!("{error}: {}", self.outstanding()))? {
                Turn::Ended => return Err(format!("hung up: {}", self.outstanding())),
                Turn::Sent => None,
                Turn::Received => self.hear()?,
            };
            if let Some(status) = heard {
                return Err(format!("closed with {status:?}: {}", self.outstanding()));
            }
        }
        Ok(())
    }

    fn outstanding(&self) -> String {
        let first = self.expected.front().map(|first| (first.number, first.payload.len()));
        format!(
            "{} messages are missing, the first (number, length) is {first:?}, of which {} bytes \
             came; {} pings are unanswered; all is sent: {}",
            self.expected.len(),
            self.at,
            self.pings.len(),
            self.connection.is_sent(),
        )
    }

    /// Handles all complete frames received; `Some` is the status of a Close.
    fn hear(&mut self) -> Result<Option<Option<u16>>, String> {
        while let Some(said) = self.wire.read(&mut self.connection.incoming)? {
            match said {
                Said::Text(payload) => self.check(true, &payload)?,
                Said::Binary(payload) => self.check(false, &payload)?,
                Said::Ping(payload) => {
                    let pong = ws_tests::masked_with(0x8a, &payload, key(&mut self.random));
                    self.connection.outgoing().extend(pong);
                }
                Said::Pong(payload) => self.check_pong(&payload)?,
                Said::Close(status) => return Ok(Some(status)),
            }
        }
        Ok(None)
    }

    /// A pong for only the latest of several pings is allowed (RFC 6455 §5.5.3).
    fn check_pong(&mut self, payload: &[u8]) -> Result<(), String> {
        let sent = |ping: &u32| ping.to_be_bytes() == payload;
        let at = self.pings.iter().position(sent).ok_or("an unsolicited pong")?;
        self.tally.pings += at as u64 + 1;
        self.pings.drain(..=at);
        Ok(())
    }

    fn check(&mut self, text: bool, mut found: &[u8]) -> Result<(), String> {
        if self.target == Target::Echo {
            let next = self.expected.pop_front().ok_or("an unexpected message")?;
            let differs = difference(&next.payload, 0, found)
                .or((next.payload.len() != found.len()).then(|| format!("has {}", found.len())))
                .or((next.text != text).then(|| "is of the other type".into()));
            self.tally.echoed.count(1, found.len());
            return match differs {
                Some(words) => Err(format!("the echo of message {}: {words}", next.number)),
                None => Ok(()),
            };
        }
        while !found.is_empty() {
            self.pass_empty();
            let next = self.expected.front().ok_or("bytes that were not sent")?;
            let len = found.len().min(next.payload.len() - self.at);
            if let Some(words) = difference(&next.payload, self.at, &found[..len]) {
                return Err(format!("the bytes of message {}: {words}", next.number));
            }
            if next.text != text {
                return Err(format!("the bytes of message {} are of the other type", next.number));
            }
            self.tally.echoed.count(0, len);
            self.at += len;
            found = &found[len..];
        }
        self.pass_empty();
        Ok(())
    }

    /// In a stream, a message that is echoed completely, or has no bytes, is done.
    fn pass_empty(&mut self) {
        while self.target == Target::Gateway
            && self.expected.front().is_some_and(|first| self.at == first.payload.len())
        {
            self.expected.pop_front();
            self.at = 0;
            self.tally.echoed.count(1, 0);
        }
    }

    /// Waits for the end. Until then, received data must be that which was sent.
    pub(crate) async fn expect(&mut self, ending: Ending) -> Result<(), String> {
        match timeout(STALL, self.until_ended(ending)).await {
            Ok(outcome) => outcome.map_err(|words| format!("instead of {ending:?}: {words}")),
            Err(_) => Err(format!("no end in {STALL:?}, and {ending:?} is due")),
        }
    }

    async fn until_ended(&mut self, ending: Ending) -> Result<(), String> {
        let mut closed = None;
        loop {
            if closed.is_none() {
                closed = self.hear()?;
                if let Some(status) = closed
                    && !self.close_is_sent
                {
                    self.put_close(status);
                }
            } else if !self.connection.incoming.is_empty() {
                return Err("bytes after the Close".into());
            }
            match (self.connection.turn(Reading::On).await, ending) {
                (Ok(Turn::Ended), Ending::Close(status)) if closed == Some(status) => return Ok(()),
                (Ok(Turn::Ended), Ending::Close(_)) => return Err(format!("closed: {closed:?}")),
                (Ok(Turn::Ended) | Err(_), Ending::Cut) => return Ok(()),
                (Ok(_), _) => {}
                (Err(error), _) => return Err(format!("{error}, closed: {closed:?}")),
            }
        }
    }

    /// Sends nothing more; after a FIN the server must close TCP too.
    pub(crate) async fn cut(mut self, cut: Cut) -> Result<Tally, String> {
        let broken = |error: std::io::Error| error.to_string();
        if let Some(connection) = self.connection.cut(cut).await.map_err(broken)? {
            self.connection = connection;
            self.expect(Ending::Cut).await?;
        }
        Ok(self.tally)
    }

    /// Whether every message has been echoed.
    pub(crate) fn check_settled(&self) -> Result<(), String> {
        if self.expected.is_empty() { Ok(()) } else { Err(self.outstanding()) }
    }

    /// Sends, and reads nothing for this long.
    pub(crate) async fn stop_reading(&mut self, pause: Duration) -> Result<(), String> {
        self.tally.stops_reading += 1;
        let end = Instant::now() + pause;
        self.connection.send_until(end).await.map_err(|error| error.to_string())?;
        tokio::time::sleep_until(end).await;
        Ok(())
    }
}
