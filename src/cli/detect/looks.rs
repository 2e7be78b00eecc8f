//! Takes a series of a file through the detector, row by row.
//!
//! A row of an hour or a day is a bucket. Shorter rows (five minutes, say) are looks at the hour or
//! day that they belong to while it goes on, exactly as the daemon looks every few minutes: counts
//! so far against what the whole bucket should hold. So their false alarms stay within the same
//! measured budget, and a surge is seen within minutes.

use chrono::TimeDelta;

use crate::calendar::bucket::Width;
use crate::cli::detect::rows::Row;
use crate::cli::detect::rows::Series;
use crate::cli::detect::spoken;
use crate::detect::Detector as _;
use crate::detect::share::ShareDetector;
use crate::detect::state::State;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::incident::Call;
use crate::domain::incident::Verdict;

/// Empty buckets that a gap is filled with at most. More would change nothing: they teach nothing,
/// and the longest window is far shorter.
pub(super) const MOST_FILLED: i64 = 1000;
/// A look at an open bucket tells something new when its score is this much above that of the last
/// look that did. Counts only grow, so otherwise every look after an alarm would be another one.
const NEWS: f64 = 0.25;

/// How the rows of a file cut time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Length of a row in seconds.
    pub seconds: i64,
    /// Length of the buckets that are judged: the same or longer.
    pub width: Width,
}

impl Step {
    /// Length of a bucket in seconds.
    fn whole(self) -> i64 {
        match self.width {
            Width::Hour => 3600,
            Width::Day => 86_400,
        }
    }

    /// Rows of a bucket.
    pub fn parts(self) -> i64 {
        self.whole() / self.seconds
    }

    fn is_part(self) -> bool {
        self.seconds < self.whole()
    }
}

/// Scores of a series: of every judged row, or of the first alarm of each day in UTC.
///
/// # Errors
///
/// Rows that do not keep the step, as a message with line and cure.
pub fn scores<'a>(series: &'a Series, detector: &ShareDetector, step: Step, all: bool) -> Result<Vec<(&'a Row, f64)>, String> {
    let mut told: Option<i64> = None;
    let mut player = Player { detector, step, state: State::default(), open: None };
    let (mut before, mut scores): (Option<&Row>, Vec<(&Row, f64)>) = (None, Vec::new());
    for row in &series.rows {
        let missing = before.map_or(Ok(Vec::new()), |before| missing(before, row, step, &series.id))?;
        for row in &missing {
            player.look(row);
        }
        before = Some(row);
        let verdict = player.look(row);
        let judged = player.state.learnt_buckets() > detector.warm_up();
        let day = row.start.div_euclid(86_400);
        let alarm = matches!(verdict.call, Call::Firing(_)) && told != Some(day);
        if alarm && !all {
            told = Some(day);
        }
        if if all { judged } else { alarm } {
            scores.push((row, verdict.numbers.score));
        }
    }
    Ok(scores)
}

/// A series on its way.
struct Player<'a> {
    detector: &'a ShareDetector,
    step: Step,
    state: State,
    open: Option<Open>,
}

/// A bucket that more rows may belong to.
struct Open {
    bucket: BucketCount,
    /// Score of the last look that told something new.
    told: f64,
}

impl Player<'_> {
    fn look(&mut self, row: &Row) -> Verdict {
        if !self.step.is_part() {
            return self.detector.advance(&mut self.state, &bucket(row, row.start, self.step));
        }
        let start = match self.step.width {
            Width::Hour => row.start - row.start.rem_euclid(3600),
            Width::Day => row.start - i64::from(row.hour) * 3600 - row.start.rem_euclid(3600),
        };
        let mut open = match self.open.take() {
            Some(open) if open.bucket.start == moment(start) => Open { bucket: joined(open.bucket, row), told: open.told },
            over => {
                if let Some(over) = over {
                    self.detector.advance(&mut self.state, &over.bucket);
                }
                Open { bucket: bucket(row, start, self.step), told: 0.0 }
            }
        };
        let mut verdict = self.detector.peek(&self.state, &open.bucket, open.bucket.start);
        if verdict.numbers.score > open.told + NEWS {
            open.told = verdict.numbers.score;
        } else {
            verdict.numbers.score = 0.0;
            verdict.call = Call::Normal;
        }
        self.open = Some(open);
        verdict
    }
}

/// The rows between two rows, empty.
fn missing(before: &Row, row: &Row, step: Step, id: &str) -> Result<Vec<Row>, String> {
    let gap = row.start - before.start;
    let length = step.seconds;
    // A day of a clock change has 23 or 25 hours where days are those of a time zone.
    let slack = if length == 86_400 { 3600 } else { 0 };
    let steps = (gap + length / 2) / length;
    if steps < 1 || (gap - steps * length).abs() > slack {
        return Err(format!(
            "line {}: {} is {} after the row before it in series `{id}`, but the buckets of this file are {} long; add the counts up by bucket",
            row.line,
            row.text,
            spoken(gap),
            spoken(length)
        ));
    }
    let empty = |at: i64| {
        let hours = i64::from(before.hour) + (before.start.rem_euclid(3600) + at * length) / 3600;
        Row {
            line: row.line,
            text: Box::from(""),
            start: before.start + at * length,
            hour: hours.rem_euclid(24) as u8,
            weekday: (i64::from(before.weekday) + hours.div_euclid(24)).rem_euclid(7) as u8,
            total: row.total.map(|_| 0.0),
            complaints: 0.0,
        }
    };
    // Where complaints alone are counted, nobody knows that there were none.
    Ok((1..steps.min(MOST_FILLED + 1)).map(empty).filter(|empty| empty.total.is_some() || !step.is_part()).collect())
}

fn bucket(row: &Row, start: i64, step: Step) -> BucketCount {
    let length = TimeDelta::seconds(step.whole());
    let start = moment(start);
    let end = start.checked_add_signed(length).unwrap_or(start);
    let parts = if row.text.is_empty() { Vec::new() } else { vec![part(row)] };
    let hour = if step.width == Width::Day && step.is_part() { 0 } else { row.hour };
    BucketCount { start, end, hour, weekday: row.weekday, holiday: false, parts }
}

fn joined(mut bucket: BucketCount, row: &Row) -> BucketCount {
    match bucket.parts.first_mut() {
        _ if row.text.is_empty() => {}
        Some(part) => {
            part.total = part.total.zip(row.total).map(|(one, two)| one + two);
            part.hits += row.complaints;
        }
        None => bucket.parts.push(part(row)),
    }
    bucket
}

fn part(row: &Row) -> Part {
    Part { source: 0, total: row.total, hits: row.complaints, ..Part::default() }
}

pub(super) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap_or_default()
}
