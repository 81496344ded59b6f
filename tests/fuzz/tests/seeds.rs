//! Runs every target on its seeds, as regression tests.

use std::fs;
use std::path::Path;

#[test]
fn every_seed_of_every_target_passes() {
    for (name, target) in ws_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let mut count = 0;
        for file in fs::read_dir(&folder).expect("each target has seeds") {
            target(&fs::read(file.expect("a file").path()).expect("a file"));
            count += 1;
        }
        assert!(count > 2, "{name} has {count} seeds");
    }
}
