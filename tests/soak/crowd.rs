//! All clients together: they connect and disconnect in waves; between two waves there are none.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::last;
use crate::life::World;
use crate::process::{Held, Process};
use crate::random::Random;
use crate::tally::Tally;
use crate::verdict::{Idle, Verdict};

/// When there are to be no clients, in percent of the duration; the first ends the warm-up.
const IDLE_AT: [u32; 4] = [5, 20, 60, 100];
/// The minimum duration of the warm-up, or a quarter of the duration.
const WARM_UP: Duration = Duration::from_secs(30);
/// All clients of a wave connect within this time.
const ARRIVAL: Duration = Duration::from_secs(2);
/// How long a server has to release closed connections: more than its closing deadline.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many failures are printed in full.
const STORIES: usize = 10;

pub(crate) struct Crowd {
    world: Arc<World>,
    clients: u64,
    processes: Vec<Process>,
    /// The usage of each process before the first client.
    begun: Vec<Held>,
    seen: Arc<Mutex<Seen>>,
}

/// The results of the clients.
#[derive(Debug, Default)]
struct Seen {
    tally: Tally,
    failures: u64,
}

impl Crowd {
    pub(crate) fn new(
        world: World,
        clients: u64,
        processes: Vec<Process>,
    ) -> std::io::Result<Crowd> {
        let begun = processes.iter().map(Process::held).collect::<Result<_, _>>()?;
        let seen = Arc::default();
        Ok(Crowd { world: Arc::new(world), clients, processes, begun, seen })
    }

    pub(crate) async fn run(self, time: Duration) -> Result<ExitCode, Box<dyn std::error::Error>> {
        let mut verdict = Verdict::default();
        let begin = Instant::now();
        let least = WARM_UP.min(time / 4);
        for (wave, percent) in IDLE_AT.into_iter().enumerate() {
            let mut end = begin + time * percent / 100;
            // Even when late, the last wave follows the warm-up: the two are compared.
            if wave == 0 || percent == 100 {
                end = end.max(Instant::now() + least);
            } else if end < Instant::now() {
                continue;
            }
            self.wave(wave as u64, end).await;
            let idle = self.idle(&mut verdict).await?;
            verdict.idle(begin.elapsed(), idle);
            self.report(begin.elapsed());
        }
        let failed_before = self.seen().failures;
        let opened = last::stand_until_the_end(&self.world, &self.processes).await;
        println!("{}", self.seen().tally);
        verdict.failures = failed_before;
        verdict.last(opened);
        Ok(verdict.tell())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One wave: this many clients at once, each replaced by another until the end.
    async fn wave(&self, wave: u64, end: Instant) {
        let mut clients = JoinSet::new();
        for place in 0..self.clients {
            let (world, seen) = (self.world.clone(), self.seen.clone());
            clients.spawn(async move {
                let mut random = Random::of(&[world.seed, wave, place]);
                sleep(Duration::from_millis(random.below(ARRIVAL.as_millis() as u64))).await;
                while Instant::now() < end {
                    let outcome = world.live(random.next(), end).await;
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    match outcome {
                        Ok(tally) => seen.tally.add(&tally),
                        Err(failure) => seen.fail(&failure.0),
                    }
                }
            });
        }
        while let Some(ended) = clients.join_next().await {
            if let Err(error) = ended {
                self.seen().fail(&format!("a client panicked: {error}"));
            }
        }
    }

    /// Waits until the processes have no more descriptors than at the start.
    async fn idle(&self, verdict: &mut Verdict) -> std::io::Result<Vec<Idle>> {
        let end = Instant::now() + PATIENCE;
        let mut idle = Vec::new();
        for (process, begun) in self.processes.iter().zip(&self.begun) {
            while process.held()?.descriptors != begun.descriptors && Instant::now() < end {
                sleep(Duration::from_millis(100)).await;
            }
        }
        // Some memory is freed a moment later.
        sleep(Duration::from_secs(1)).await;
        for (process, begun) in self.processes.iter().zip(&self.begun) {
            let held = process.held()?;
            if held.descriptors != begun.descriptors {
                verdict.wrong(format!(
                    "{} has {} descriptors without clients, and had {}",
                    process.name, held.descriptors, begun.descriptors
                ));
            }
            idle.push(Idle { name: process.name, held });
        }
        Ok(idle)
    }

    fn report(&self, elapsed: Duration) {
        let seen = self.seen();
        println!(
            "{:6.1} s  {} clients, {} messages, {} failures",
            elapsed.as_secs_f64(),
            seen.tally.lives(),
            seen.tally.echoed.messages,
            seen.failures
        );
    }
}

impl Seen {
    fn fail(&mut self, story: &str) {
        self.failures += 1;
        if self.failures <= STORIES as u64 {
            println!("FAIL  {story}");
        }
    }
}
