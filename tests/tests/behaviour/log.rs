//! The log of a test.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing::{Dispatch, Level};

/// What was logged on the thread of this test.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

/// A second subscriber, so that there is never only one. While there is, a log line that another
/// thread is the first to reach counts as disabled on all threads: `tracing` then asks the
/// subscriber of that thread, which has none.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

impl Log {
    /// Logs here from now on, until what it gives is dropped.
    pub(crate) fn begin(&self) -> DefaultGuard {
        self.begin_at(Level::INFO)
    }

    /// As [`begin`](Log::begin), with lines and spans of this level.
    pub(crate) fn begin_at(&self, level: Level) -> DefaultGuard {
        LazyLock::force(&SECOND);
        let writer = self.clone();
        let log = tracing_subscriber::fmt().with_max_level(level).with_ansi(false);
        set_default(log.with_writer(move || writer.clone()).finish())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
