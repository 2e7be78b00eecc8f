//! `uproar detect --slow-rise`: the counts of a file, summed to days, against the months before.

use crate::cli::detect::looks::MOST_FILLED;
use crate::cli::detect::looks::moment;
use crate::cli::detect::rows::Row;
use crate::cli::detect::rows::Series;
use crate::detect::drift::DriftDetector;
use crate::detect::drift::State;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::incident::Call;

const DAY: i64 = 86_400;

/// Scores of a series, each with the first row of its day: of every day that was judged, or of those
/// on which a rise begins to stand. A rise that stands was told of, so its later days score 0.
pub(super) fn judge<'a>(series: &'a Series, detector: &DriftDetector, all: bool) -> Vec<(&'a Row, f64)> {
    let mut state = State::default();
    let mut scores = Vec::new();
    let mut before: Option<i64> = None;
    for rows in series.rows.chunk_by(|one, other| day_of(one) == day_of(other)) {
        let day = day_of(&rows[0]);
        let from = before.map_or(day, |before| (before + 1).max(day - MOST_FILLED));
        for silent in from..day {
            detector.advance(&mut state, &bucket(silent, &[]));
        }
        before = Some(day);
        let stood = state.stands();
        let verdict = detector.advance(&mut state, &bucket(day, rows));
        let begins = state.stands() && !stood;
        let score = if stood { 0.0 } else { verdict.numbers.score };
        if if all { verdict.call != Call::Unknown } else { begins } {
            scores.push((&rows[0], score));
        }
    }
    scores
}

/// Number of the day that a row belongs to, by the clock of the file: half a day more or less than
/// UTC leaves it on its own side of midnight.
fn day_of(row: &Row) -> i64 {
    (row.start - i64::from(row.hour) * 3600 + DAY / 2).div_euclid(DAY)
}

fn bucket(day: i64, rows: &[Row]) -> BucketCount {
    let counted = !rows.is_empty() && rows.iter().all(|row| row.total.is_some());
    let part = Part {
        total: counted.then(|| rows.iter().filter_map(|row| row.total).sum()),
        hits: rows.iter().map(|row| row.complaints).sum(),
        ..Part::default()
    };
    let start = moment(day * DAY);
    let weekday = (day + 3).rem_euclid(7) as u8;
    let parts = if rows.is_empty() { Vec::new() } else { vec![part] };
    BucketCount { start, end: moment((day + 1) * DAY), hour: 0, weekday, holiday: false, parts }
}
