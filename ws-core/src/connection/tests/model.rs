//! The connection as a state machine, explored until no event leads to a state that is new.
//!
//! A [`Model`] is a connection and what surrounds it. Its events are few, and every order of them
//! is tried: from each state that is reached, each event that can happen. Two states are one when
//! nothing that can still happen tells them apart, so that the exploration comes to an end.

mod alone;
mod pair;
mod wire;

use std::collections::{HashSet, VecDeque};
use std::fmt::Debug;

/// More states than any model has: one that grows for ever is found.
const MOST_STATES: usize = 100_000;

/// What is explored.
trait Model {
    /// Something that can happen.
    type Event: Copy + Debug;

    /// What can happen now.
    fn events(&self) -> Vec<Self::Event>;

    /// Lets it happen, and checks what must hold of each step.
    fn step(&mut self, event: Self::Event) -> Result<(), String>;

    /// Checks what must hold of each state; the model is thrown away behind it.
    fn check(self) -> Result<(), String>;

    /// All that can make a difference from here on.
    fn fingerprint(&self) -> String;
}

/// Visits every state that can be reached, and answers with their fingerprints.
fn explore<M: Model>(initial: impl Fn() -> M) -> HashSet<String> {
    let replay = |path: &[M::Event]| {
        let mut model = initial();
        for (n, event) in path.iter().enumerate() {
            if let Err(broken) = model.step(*event) {
                panic!("{broken}, behind {:?}", &path[..=n]);
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
        assert!(explored.len() < MOST_STATES, "there is no end to it: {path:?}");
        for event in model.events() {
            paths.push_back(path.iter().copied().chain([event]).collect());
        }
        if let Err(broken) = model.check() {
            panic!("{broken}, behind {path:?}");
        }
    }
    explored
}

/// `Err` with the words when the condition does not hold.
fn ensure(condition: bool, words: impl Into<String>) -> Result<(), String> {
    if condition { Ok(()) } else { Err(words.into()) }
}
