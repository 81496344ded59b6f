//! The resources of a process, from `/proc`.

use std::fs;
use std::io;

/// Another process.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) name: &'static str,
    id: u32,
}

/// Its resources at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
    /// Resident memory, in KiB.
    pub(crate) memory: u64,
}

impl Process {
    pub(crate) fn new(name: &'static str, id: &str) -> Result<Process, String> {
        let id = id.parse().map_err(|error| format!("{id:?} is not a process id: {error}"))?;
        Ok(Process { name, id })
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn held(&self) -> io::Result<Held> {
        let count =
            |what: &str| fs::read_dir(format!("/proc/{}/{what}", self.id)).map(Iterator::count);
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| io::Error::other("no VmRSS"))?;
        Ok(Held { descriptors: count("fd")?, threads: count("task")?, memory })
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Held { descriptors, threads, memory } = self;
        write!(f, "{descriptors} descriptors, {threads} threads, {memory} KiB")
    }
}
