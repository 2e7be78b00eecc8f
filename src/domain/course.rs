//! What a chart of a series shows, as it is frozen into notices.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::incident::Call;
use crate::domain::incident::Verdict;

/// One bucket of a chart. Stored as a row of numbers, for a notice has dozens of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Bar {
    /// First moment.
    pub start: Timestamp,
    /// First moment after it.
    pub end: Timestamp,
    /// Complaints in it.
    pub count: f64,
    /// Complaints expected in it.
    pub expected: f64,
    /// Range that 90 % of usual buckets fall into.
    pub usual: (f64, f64),
    /// It was loud.
    pub firing: bool,
}

/// Start and length in seconds, count, expected, low and high end of the usual, loud.
type Row = (i64, i64, f64, f64, f64, f64, bool);

impl From<&Verdict> for Bar {
    fn from(verdict: &Verdict) -> Self {
        let newest = &verdict.numbers.newest;
        let round = |number: f64| if number.is_finite() { (number * 100.0).round() / 100.0 } else { 0.0 };
        Self {
            start: verdict.bucket,
            end: verdict.until,
            count: round(newest.count),
            expected: round(newest.expected),
            usual: (round(newest.usual.0), round(newest.usual.1)),
            firing: matches!(verdict.call, Call::Firing(_)),
        }
    }
}

impl From<Row> for Bar {
    fn from((start, length, count, expected, low, high, firing): Row) -> Self {
        let moment = |seconds: i64| Timestamp::from_timestamp(seconds, 0).unwrap_or_default();
        Self { start: moment(start), end: moment(start.saturating_add(length)), count, expected, usual: (low, high), firing }
    }
}

impl From<Bar> for Row {
    fn from(bar: Bar) -> Self {
        let length = (bar.end - bar.start).num_seconds();
        (bar.start.timestamp(), length, bar.count, bar.expected, bar.usual.0, bar.usual.1, bar.firing)
    }
}

/// A moment that people marked: a release, a change of policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Newest;
    use crate::domain::incident::Numbers;

    #[test]
    fn a_bar_is_a_short_row_that_reads_back_the_same() {
        let start: Timestamp = "2026-11-21T13:00:00Z".parse().unwrap();
        let newest = Newest { count: 6.0, expected: 2.123_456, usual: (0.0, f64::NAN), total: 90.0 };
        let verdict = Verdict {
            bucket: start,
            until: start + chrono::TimeDelta::hours(1),
            complete: true,
            call: Call::Uneasy,
            numbers: Numbers { newest, ..Numbers::default() },
        };
        let bar = Bar::from(&verdict);
        let row = serde_json::to_string(&bar).unwrap();
        assert_eq!(row, "[1795266000,3600,6.0,2.12,0.0,0.0,false]");
        assert_eq!(serde_json::from_str::<Bar>(&row).unwrap(), bar);
    }
}
