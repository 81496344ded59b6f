//! The connection as a state machine, explored exhaustively (model checking).
//!
//! A [`Model`] is a connection and its environment. It has few events, and every order of them
//! is tried: in each state that is reached, each event that can happen. Two states count as the
//! same when no later event can distinguish them, so that the exploration terminates.

mod pair;
mod single;
mod wire;

use std::collections::{HashSet, VecDeque};
use std::fmt::Debug;

/// More states than any model has: detects a model that never terminates.
const MOST_STATES: usize = 100_000;

/// A state machine to explore.
trait Model {
    /// An event.
    type Event: Copy + Debug;

    /// The events that are possible in this state.
    fn events(&self) -> Vec<Self::Event>;

    /// Makes an event happen, and checks the invariants of each step.
    fn step(&mut self, event: Self::Event) -> Result<(), String>;

    /// Checks the invariants of each state; the model is dropped after it.
    fn check(self) -> Result<(), String>;

    /// All state that can affect later events.
    fn fingerprint(&self) -> String;
}

/// Visits every state that can be reached, and returns their fingerprints.
fn explore<M: Model>(initial: impl Fn() -> M) -> HashSet<String> {
    let replay = |path: &[M::Event]| {
        let mut model = initial();
        for (n, event) in path.iter().enumerate() {
            if let Err(broken) = model.step(*event) {
                panic!("{broken}, after {:?}", &path[..=n]);
            }
        }
        model
    };
    let mut explored = HashSet::new();
    let mut paths = VecDeque::from([Vec::new()]);
    while let Some(path) = paths.pop_front() {
        let model = replay(&path);
        if !explored.insert(model.fingerprint()) {
            continue;
        }
        assert!(explored.len() < MOST_STATES, "the exploration does not terminate: {path:?}");
        for event in model.events() {
            paths.push_back(path.iter().copied().chain([event]).collect());
        }
        if let Err(broken) = model.check() {
            panic!("{broken}, after {path:?}");
        }
    }
    explored
}

/// `Err` with this text when the condition does not hold.
fn ensure(condition: bool, words: impl Into<String>) -> Result<(), String> {
    if condition { Ok(()) } else { Err(words.into()) }
}
