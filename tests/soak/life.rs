//! One client, from connect to end.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::draft::Draft;
use crate::leave::Leave;
use crate::opening::{Pace, Refused, open};
use crate::random::Random;
use crate::session::{STALL, Session, Target};
use crate::socket::{Socket, Tls};
use crate::tally::Tally;

/// The server that clients connect to.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) echo: SocketAddr,
    pub(crate) gateway: SocketAddr,
    pub(crate) tls: Tls,
}

/// A client that did not get the expected response, and its previous steps.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

/// The steps of a client.
struct Story {
    begun: Instant,
    steps: Vec<String>,
}

impl Story {
    fn step(&mut self, words: String) {
        self.steps.push(format!("    {:7.3} s  {words}", self.begun.elapsed().as_secs_f64()));
    }
}

impl World {
    /// Runs one client, which finishes early after `end`.
    pub(crate) async fn live(&self, id: u64, end: Instant) -> Result<Tally, Failure> {
        let mut story = Story { begun: Instant::now(), steps: Vec::new() };
        self.life(id, end, &mut story).await.map_err(|words| {
            let steps = story.steps.join("\n");
            let after = story.begun.elapsed().as_secs_f64();
            Failure(format!("client {id:#x}, after {after:.3} s: {words}\n{steps}"))
        })
    }

    async fn life(&self, id: u64, end: Instant, story: &mut Story) -> Result<Tally, String> {
        let mut random = Random::of(&[self.seed, id]);
        let target = random.pick(&[Target::Echo, Target::Echo, Target::Gateway]);
        let over_tls = random.one_in(8);
        story.step(format!("connects, {target:?}, TLS: {over_tls}"));
        let socket = self.connect(target, over_tls).await?;
        let mut tally = Tally::default();
        if random.one_in(8) {
            let refused = Refused::any(&mut random);
            story.step(format!("is refused, {refused:?}"));
            timeout(STALL, refused.be(socket)).await.map_err(|_| "no answer in time")??;
            tally.endings.insert(refused.name(), 1);
            return Ok(tally);
        }
        let draft = Draft::any(&mut random);
        let pace =
            random.pick(&[Pace::AtOnce, Pace::AtOnce, Pace::AtOnce, Pace::Eager, Pace::Slow]);
        story.step(format!("opens, {draft:?}, {pace:?}"));
        let mut session = open(socket, draft, target, pace, id, random).await?;
        session.tally.through_gateway = u64::from(target == Target::Gateway);
        session.tally.over_tls = u64::from(over_tls);
        session.tally.opened.insert(draft.name(), 1);
        for _ in 0..session.random.below(24) {
            let step = Step::any(&mut session.random);
            story.step(format!("{step:?}"));
            session.step(step, end).await?;
            if Instant::now() > end {
                break;
            }
        }
        let leave = Leave::any(&mut session.random, draft, target);
        story.step(format!("leaves, {leave:?}"));
        tally.add(&session.leave(leave).await?);
        tally.endings.insert(leave.name(), 1);
        Ok(tally)
    }

    /// Connects; waits while the system has no free port.
    pub(crate) async fn connect(&self, target: Target, tls: bool) -> Result<Socket, String> {
        let address = match target {
            Target::Echo => self.echo,
            Target::Gateway => self.gateway,
        };
        let connected = timeout(STALL, async {
            if tls { Socket::tls(address, &self.tls).await } else { Socket::plain(address).await }
        });
        match connected.await {
            Ok(socket) => socket.map_err(|error| format!("cannot connect: {error}")),
            Err(_) => Err(format!("not connected in {STALL:?}")),
        }
    }
}

/// An action of a client while its WebSocket is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// This many messages at once.
    Messages(u64),
    /// One of up to 1 MiB.
    LongMessage,
    Ping,
    Pause(Duration),
    /// Megabytes are sent, and the echoes are not read for a while.
    NotReading(Duration),
    /// Bytes trickle.
    Trickle,
}

impl Step {
    fn any(random: &mut Random) -> Step {
        match random.below(100) {
            0 => Step::NotReading(Duration::from_millis(500 + random.below(4000))),
            1 => Step::LongMessage,
            2..10 => Step::Trickle,
            10..20 => Step::Ping,
            20..50 => Step::Pause(Duration::from_millis(random.below(2000))),
            50..60 => Step::Messages(2 + random.below(30)),
            _ => Step::Messages(1),
        }
    }
}

impl Session {
    async fn step(&mut self, step: Step, end: Instant) -> Result<(), String> {
        match step {
            Step::Messages(count) => {
                for _ in 0..count {
                    let len = self.size();
                    self.put(len)?;
                }
            }
            Step::LongMessage => {
                let len = self.random.size_below((1 << 20) + 1);
                self.put(len)?;
            }
            Step::Ping if self.draft.is_hixie() => {}
            Step::Ping => {
                for _ in 0..1 + self.random.below(3) {
                    self.put_ping();
                }
            }
            Step::Pause(pause) => sleep_until(end.min(Instant::now() + pause)).await,
            Step::NotReading(pause) => {
                for _ in 0..4 + self.random.below(20) {
                    let len = self.random.size_below(128 * 1024);
                    self.put(len)?;
                }
                self.stop_reading(pause).await?;
            }
            Step::Trickle => {
                self.put(300)?;
                let whole = std::mem::take(self.connection.outgoing());
                for piece in whole.chunks(1 + whole.len() / 4) {
                    self.connection.outgoing().extend(piece);
                    self.connection.send_if_taken(STALL).await;
                    sleep(Duration::from_millis(self.random.below(100))).await;
                }
            }
        }
        self.settle().await
    }

    fn size(&mut self) -> usize {
        let bound = self.random.pick(&[64, 200, 1000, 8 << 10, 64 << 10]);
        self.random.size_below(bound + 1)
    }
}
