//! Differential tests: our codec and another implementation of RFC 6455 decode the same bytes.
//!
//! Both decode streams of frames, valid and invalid, ours cut at random. The outcomes must agree:
//! the messages, the pongs, and how the connection ends. Where they do not, the disagreement must
//! be one of those in `difference`, each of which has a reason and a vector.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here fails a test")]

mod difference;
mod encoding;
mod ours;
mod stream;
mod theirs;
mod verdict;

use proptest::prelude::*;

use difference::explain;
use verdict::{End, Verdict};

/// The longest frame and the longest message, on both sides. Short, so that both are exceeded.
const FRAME_LIMIT: usize = 600;
const MESSAGE_LIMIT: usize = 500;

/// A configuration that takes seconds; `PROPTEST_CASES` sets more cases.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(4096), failure_persistence: None, ..config }
}

fn assert_agreement(wire: &[u8], reads: &[ours::ReadStep]) {
    let theirs = theirs::read(wire);
    let ours = ours::read(wire, reads);
    assert!(
        ours == theirs || explain(wire, &ours, &theirs).is_some(),
        "ours: {ours:?}\ntheirs: {theirs:?}\nwire: {wire:02x?}"
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn both_agree_on_whatever_frames_a_client_sends(
        wire in stream::frames(),
        reads in ours::reads(),
    ) {
        assert_agreement(&wire, &reads);
    }

    #[test]
    fn both_agree_on_arbitrary_bytes(
        wire in proptest::collection::vec(any::<u8>(), 0..64),
        reads in ours::reads(),
    ) {
        assert_agreement(&wire, &reads);
    }

    #[test]
    fn where_the_bytes_are_cut_changes_nothing(
        wire in stream::frames(),
        reads in ours::reads(),
    ) {
        let whole = ours::read(&wire, &[ours::ReadStep::largest()]);
        let cut = ours::read(&wire, &reads);
        prop_assert_eq!(whole, cut);
    }
}

#[test]
fn the_streams_reach_every_kind_of_end() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut ends = std::collections::BTreeMap::new();
    for _ in 0..4096 {
        let wire = stream::frames().new_tree(&mut runner).unwrap().current();
        let kind = match theirs::read(&wire).end {
            End::Waiting => "waiting",
            End::Closed(_) => "closed",
            End::Failed(1002) => "1002",
            End::Failed(1007) => "1007",
            End::Failed(_) => "1009",
        };
        *ends.entry(kind).or_insert(0) += 1;
    }
    for kind in ["waiting", "closed", "1002", "1007", "1009"] {
        assert!(ends.get(kind).is_some_and(|count| *count > 100), "{ends:?}");
    }
}
