//! The newest buckets of a series, and their sums over windows that end with the newest.
//!
//! The odds of an outbreak need no windows. People do: "31 complaints since this morning, usually 4".

use serde::Deserialize;
use serde::Serialize;

/// What is remembered of a bucket: only what testifies, no history. Stored as a row of numbers, for
/// there are many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f32, f32, f32)", into = "(f32, f32, f32)")]
pub(super) struct Moment {
    /// Complaints.
    pub hits: f64,
    /// Complaints expected.
    pub expected: f64,
    /// Messages.
    pub total: f64,
}

impl From<(f32, f32, f32)> for Moment {
    fn from((hits, expected, total): (f32, f32, f32)) -> Self {
        Self { hits: hits.into(), expected: expected.into(), total: total.into() }
    }
}

impl From<Moment> for (f32, f32, f32) {
    fn from(of: Moment) -> Self {
        (of.hits as f32, of.expected as f32, of.total as f32)
    }
}

impl Moment {
    /// As it will be after a restart: the stored form has fewer digits than arithmetic.
    pub fn as_stored(self) -> Self {
        Self::from(<(f32, f32, f32)>::from(self))
    }
}

/// A window that ends with the newest bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    /// Its length in buckets.
    pub length: usize,
    /// Its sums.
    pub sum: Moment,
    /// Dispersion of a bucket. For the sum of several it is on the wide side: what one bucket has
    /// in common with the next is not known.
    pub dispersion: f64,
}

impl Window {
    /// Sums the newest `length` buckets: `newest` and those of `past`, which has the newest first.
    pub fn of(length: usize, newest: &Moment, past: &[Moment], dispersion: f64) -> Self {
        let mut sum = *newest;
        for moment in past.iter().take(length.saturating_sub(1)) {
            sum.hits += moment.hits;
            sum.expected += moment.expected;
            sum.total += moment.total;
        }
        Self { length, sum: Moment { expected: sum.expected.max(1e-9), ..sum }, dispersion }
    }

    /// Standard deviations above what is expected.
    pub fn raised(&self) -> f64 {
        let mean = self.sum.expected;
        (self.sum.hits - mean) / (mean + self.dispersion * mean * mean).sqrt()
    }
}

/// The window to tell of: the one that is raised most among those with at least `least` complaints
/// or, where there is none, among all. The first window is the newest bucket alone.
pub(super) fn telling(lengths: &[usize], newest: &Moment, past: &[Moment], dispersion: f64, least: f64) -> Window {
    let first = Window::of(1, newest, past, dispersion);
    lengths.iter().skip(1).fold(first, |best, &length| {
        let window = Window::of(length, newest, past, dispersion);
        let (enough, best_enough) = (window.sum.hits >= least, best.sum.hits >= least);
        let better = if enough == best_enough { window.raised() > best.raised() } else { enough };
        if better { window } else { best }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hits: f64) -> Moment {
        Moment { hits, expected: 1.0, total: 10.0 }
    }

    #[test]
    fn a_window_sums_the_newest_buckets_only() {
        let sum = Window::of(3, &of(5.0), &[of(4.0), of(3.0), of(100.0)], 0.1).sum;
        assert!((sum.hits - 12.0).abs() < 1e-9 && (sum.expected - 3.0).abs() < 1e-9 && (sum.total - 30.0).abs() < 1e-9);
    }

    #[test]
    fn the_window_that_is_raised_most_is_told() {
        let lengths = [1, 3, 12];
        assert_eq!(telling(&lengths, &of(9.0), &[of(1.0), of(1.0)], 0.1, 3.0).length, 1);
        assert_eq!(telling(&lengths, &of(5.0), &[of(5.0), of(5.0), of(1.0)], 0.1, 3.0).length, 3);
        assert_eq!(telling(&lengths, &of(3.0), &[of(3.0); 11], 0.1, 3.0).length, 12);
    }

    #[test]
    fn a_window_with_enough_complaints_goes_before_one_that_is_raised_more() {
        let past = [of(2.0), of(1.0)];
        assert_eq!(telling(&[1, 3], &of(5.0), &past, 0.1, 5.0).length, 1);
        assert_eq!(telling(&[1, 3], &of(5.0), &past, 0.1, 7.0).length, 3);
    }

    #[test]
    fn what_is_stored_survives_json() {
        let moment = Moment { hits: 0.1, expected: 1.0 / 3.0, total: 123_456_789.0 }.as_stored();
        let json = serde_json::to_string(&moment).unwrap();
        assert_eq!(serde_json::from_str::<Moment>(&json).unwrap(), moment);
    }
}
