//! Latencies: 64 steps for each power of two, so that an error is below 1.6 %.

#[derive(Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: u64,
}

const STEPS: usize = 64;

impl Histogram {
    pub(crate) fn new() -> Histogram {
        Histogram { counts: vec![0; STEPS * STEPS], total: 0, longest: 0 }
    }

    /// Adds `count` samples of this many nanoseconds.
    pub(crate) fn add(&mut self, nanoseconds: u64, count: u64) {
        self.counts[step(nanoseconds)] += count;
        self.total += count;
        self.longest = self.longest.max(nanoseconds);
    }

    /// The `quantile` of all samples, in microseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        let wanted = (self.total as f64 * quantile).ceil().max(1.0) as u64;
        let mut sum = 0;
        for (at, count) in self.counts.iter().enumerate() {
            sum += count;
            if sum >= wanted && quantile < 1.0 {
                return value(at) as f64 / 1e3;
            }
        }
        self.longest as f64 / 1e3
    }
}

fn step(value: u64) -> usize {
    if value < STEPS as u64 {
        return value as usize;
    }
    let power = value.ilog2() as usize;
    (power - 5) * STEPS + ((value >> (power - 6)) & 63) as usize
}

fn value(step: usize) -> u64 {
    if step < STEPS {
        return step as u64;
    }
    ((STEPS + step % STEPS) as u64) << (step / STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_close_to_what_was_added() {
        for nanoseconds in (0..60).map(|power| 1_u64 << power).chain([63, 65, 999, 123_456_789]) {
            let near = value(step(nanoseconds));
            assert!(near <= nanoseconds && nanoseconds - near <= nanoseconds / 64);
        }
    }

    #[test]
    fn a_quantile_is_between_the_first_and_the_last() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile(0.5), 0.0);
        histogram.add(1000, 99);
        histogram.add(1_000_000, 1);
        assert!((histogram.quantile(0.5) - 1.0).abs() < 0.02);
        assert_eq!(histogram.quantile(1.0), 1000.0);
    }
}
