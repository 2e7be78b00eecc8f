//! The newest buckets of a series, and their sums over windows that end with the newest.

use serde::Deserialize;
use serde::Serialize;

/// What the windows remember of a bucket. Stored as a row of numbers, for there are twelve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub(super) struct Moment {
    /// Complaints, history included.
    pub hits: f64,
    /// Complaints expected among the messages that came, history included.
    pub expected: f64,
    /// Expected complaints times the relative variance of the share that expects them.
    pub doubt: f64,
    /// Complaints expected in the usual volume.
    pub usual: f64,
    /// History among `hits`.
    pub late_hits: f64,
    /// History among `expected`.
    pub late_expected: f64,
    /// Messages that testify.
    pub total: f64,
}

type Row = (f32, f32, f32, f32, f32, f32, f32);

impl From<Row> for Moment {
    fn from(row: Row) -> Self {
        let [hits, expected, doubt, usual, late_hits, late_expected, total] =
            [row.0, row.1, row.2, row.3, row.4, row.5, row.6].map(f64::from);
        Self { hits, expected, doubt, usual, late_hits, late_expected, total }
    }
}

impl From<Moment> for Row {
    fn from(of: Moment) -> Self {
        (
            of.hits as f32,
            of.expected as f32,
            of.doubt as f32,
            of.usual as f32,
            of.late_hits as f32,
            of.late_expected as f32,
            of.total as f32,
        )
    }
}

impl Moment {
    /// As it will be after a restart: the stored form has fewer digits than arithmetic.
    pub fn as_stored(self) -> Self {
        Self::from(Row::from(self))
    }

    /// Complaints that testify.
    pub fn testified(&self) -> f64 {
        (self.hits - self.late_hits).max(0.0)
    }

    /// Complaints expected among the messages that testify.
    pub fn testified_expected(&self) -> f64 {
        (self.expected - self.late_expected).max(1e-9)
    }

    /// Relative variance of the expectation because shares are unsure.
    pub fn unsure(&self) -> f64 {
        if self.expected > 0.0 { self.doubt / self.expected } else { 0.0 }
    }
}

/// Sums over the newest `length` buckets: `newest` and those of `past`, which has the newest first.
pub(super) fn window(newest: &Moment, past: &[Moment], length: usize) -> Moment {
    let mut sum = *newest;
    for moment in past.iter().take(length.saturating_sub(1)) {
        sum.hits += moment.hits;
        sum.expected += moment.expected;
        sum.doubt += moment.doubt;
        sum.usual += moment.usual;
        sum.late_hits += moment.late_hits;
        sum.late_expected += moment.late_expected;
        sum.total += moment.total;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_sums_the_newest_buckets_only() {
        let of = |hits: f64| Moment { hits, expected: 1.0, late_hits: 1.0, ..Moment::default() };
        let sum = window(&of(5.0), &[of(4.0), of(3.0), of(100.0)], 3);
        assert!((sum.hits - 12.0).abs() < 1e-9 && (sum.expected - 3.0).abs() < 1e-9);
        assert!((sum.testified() - 9.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_stored_survives_json() {
        let moment = Moment { hits: 0.1, expected: 1.0 / 3.0, usual: 1e-9, total: 123_456_789.0, ..Moment::default() }.as_stored();
        let json = serde_json::to_string(&moment).unwrap();
        assert_eq!(serde_json::from_str::<Moment>(&json).unwrap(), moment);
    }
}
