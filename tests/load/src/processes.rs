//! Time, memory and descriptors of processes and of the machine, from /proc.

use std::collections::{HashMap, HashSet};
use std::fs;

/// A clock tick of /proc: there are 100 in a second on every Linux.
const TICK_NANOSECONDS: u64 = 10_000_000;

/// Processes, and their child processes.
#[derive(Debug)]
pub(crate) struct Processes<'a>(pub(crate) &'a [u32]);

/// Time on a processor, in nanoseconds.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct CpuTime {
    /// Of all threads, and of children that have exited.
    pub(crate) total: u64,
    /// User time, in whole ticks.
    pub(crate) user: u64,
}

/// Memory, in bytes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The proportional set size (PSS).
    pub(crate) proportional: u64,
}

impl Processes<'_> {
    fn all(&self) -> Vec<u32> {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for pid in entries("/proc").iter().filter_map(|name| name.parse().ok()) {
            let stat = read(pid, "stat");
            if let Some(parent) = stat_fields(&stat).get(1).and_then(|field| field.parse().ok()) {
                children.entry(parent).or_default().push(pid);
            }
        }
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut next = self.0.to_vec();
        while let Some(pid) = next.pop() {
            if seen.insert(pid) {
                found.push(pid);
                next.extend(children.get(&pid).into_iter().flatten());
            }
        }
        found
    }

    pub(crate) fn cpu_time(&self) -> CpuTime {
        let mut time = CpuTime::default();
        if self.0.is_empty() {
            return time;
        }
        for pid in self.all() {
            let threads = entries(&format!("/proc/{pid}/task"));
            let scheduled = threads.iter().filter_map(|thread| {
                let schedstat = read(pid, &format!("task/{thread}/schedstat"));
                schedstat.split_whitespace().next()?.parse::<u64>().ok()
            });
            let scheduled: u64 = scheduled.sum();
            let stat = read(pid, "stat");
            let fields = stat_fields(&stat);
            let ticks = |at: usize| {
                let ticks = fields.get(at).and_then(|field| field.parse::<u64>().ok());
                ticks.unwrap_or(0) * TICK_NANOSECONDS
            };
            time.total += if scheduled > 0 { scheduled } else { ticks(11) + ticks(12) };
            time.total += ticks(13) + ticks(14);
            time.user += ticks(11);
        }
        time
    }

    pub(crate) fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        for pid in self.all() {
            let rollup = read(pid, "smaps_rollup");
            memory.resident += kilobytes(&rollup, "Rss:") * 1024;
            memory.proportional += kilobytes(&rollup, "Pss:") * 1024;
        }
        memory
    }

    pub(crate) fn peak_kilobytes(&self) -> u64 {
        self.all().iter().map(|pid| kilobytes(&read(*pid, "status"), "VmHWM:")).sum()
    }

    pub(crate) fn descriptors(&self) -> usize {
        self.all().iter().map(|pid| entries(&format!("/proc/{pid}/fd")).len()).sum()
    }
}

/// The CPU time of this program.
pub(crate) fn own_cpu_time() -> u64 {
    Processes(&[std::process::id()]).cpu_time().total
}

/// The kernel's memory for TCP sockets, both ends together, in pages.
pub(crate) fn socket_pages() -> i64 {
    let sockstat = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let tcp = sockstat.lines().find(|line| line.starts_with("TCP:"));
    tcp.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Ticks of each processor, by state.
#[derive(Debug)]
pub(crate) struct Machine(Vec<[u64; KINDS]>);

const KINDS: usize = 8;
const IDLE: usize = 3;
const WAITING: usize = 4;
const STOLEN: usize = 7;

impl Machine {
    pub(crate) fn now() -> Machine {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let processors =
            stat.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
        Machine(
            processors
                .map(|line| {
                    let mut ticks = [0; KINDS];
                    for (ticks, field) in ticks.iter_mut().zip(line.split_whitespace().skip(1)) {
                        *ticks = field.parse().unwrap_or(0);
                    }
                    ticks
                })
                .collect(),
        )
    }

    fn since(&self, before: &Machine, processor: usize) -> Option<[u64; KINDS]> {
        let (now, then) = (self.0.get(processor)?, before.0.get(processor)?);
        Some(std::array::from_fn(|kind| now[kind].saturating_sub(then[kind])))
    }

    /// The percentage of a processor's time that was used.
    pub(crate) fn busy(&self, before: &Machine, processor: usize) -> f64 {
        self.since(before, processor).map_or(0.0, |ticks| {
            let all = ticks.iter().sum::<u64>().max(1);
            100.0 - 100.0 * (ticks[IDLE] + ticks[WAITING]) as f64 / all as f64
        })
    }

    /// The percentage of steal time.
    pub(crate) fn stolen(&self, before: &Machine) -> f64 {
        let spent = (0..self.0.len()).filter_map(|processor| self.since(before, processor));
        let (mut stolen, mut all) = (0, 0);
        for ticks in spent {
            stolen += ticks[STOLEN];
            all += ticks.iter().sum::<u64>();
        }
        100.0 * stolen as f64 / all.max(1) as f64
    }
}

/// The entries of a directory; none when it has gone.
fn entries(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn read(pid: u32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

/// Fields of /proc/PID/stat after the name of the command; the first is the state.
fn stat_fields(stat: &str) -> Vec<&str> {
    stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace().collect()).unwrap_or_default()
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
