//! Whether the servers released all resources, and the clients got the required responses.

use std::process::ExitCode;
use std::time::Duration;

use crate::process::Held;

/// How much more memory than after the warm-up a server may have at the end. The allocator keeps
/// some of the memory of many connections, and not always the same.
const GROWTH: Growth = Growth { percent: 25, kibibytes: 8 * 1024 };

struct Growth {
    percent: u64,
    kibibytes: u64,
}

/// The resources of a process without clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle {
    pub(crate) name: &'static str,
    pub(crate) held: Held,
}

#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) failures: u64,
    idle: Vec<Vec<Idle>>,
    wrong: Vec<String>,
}

impl Verdict {
    pub(crate) fn idle(&mut self, elapsed: Duration, idle: Vec<Idle>) {
        for Idle { name, held } in &idle {
            println!("{:6.1} s  no clients, {name}: {held}", elapsed.as_secs_f64());
        }
        self.idle.push(idle);
    }

    pub(crate) fn wrong(&mut self, words: String) {
        println!("FAIL  {words}");
        self.wrong.push(words);
    }

    /// The result of the clients that stayed.
    pub(crate) fn last(&mut self, outcome: Result<(), String>) {
        if let Err(words) = outcome {
            self.wrong(format!("when the servers shut down: {words}"));
        }
    }

    /// Prints the verdict.
    pub(crate) fn tell(mut self) -> ExitCode {
        self.compare_memory();
        if self.failures == 0 && self.wrong.is_empty() {
            println!("no message lost, reordered or altered; no descriptor leaked");
            return ExitCode::SUCCESS;
        }
        println!("{} clients failed, {} server checks failed", self.failures, self.wrong.len());
        ExitCode::FAILURE
    }

    fn compare_memory(&mut self) {
        let (Some(first), Some(last)) = (self.idle.first(), self.idle.last()) else {
            return;
        };
        let mut grown = Vec::new();
        for (first, last) in first.iter().zip(last) {
            let most = first.held.memory * (100 + GROWTH.percent) / 100 + GROWTH.kibibytes;
            println!(
                "{}: {} KiB after the warm-up, {} KiB at the end, at most {most}",
                first.name, first.held.memory, last.held.memory
            );
            if last.held.memory > most {
                grown.push(format!("{} has grown", first.name));
            }
        }
        for words in grown {
            self.wrong(words);
        }
    }
}
