//! The ground that both drawings stand on: columns instead of buckets, a scale with round numbers,
//! and times as labels.

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::domain::Timestamp;
use crate::render::chart::Chart;
use crate::render::chart::Point;

/// No count is drawn as more than this, so that sums and products of what is drawn stay finite.
const MOST: f64 = 1e15;
/// Up to this length of time the labels of an axis have hours.
const WITH_HOURS: TimeDelta = TimeDelta::days(14);

/// What is drawn, column by column.
#[derive(Debug)]
pub(super) struct Columns {
    /// One point a column, in the order of time.
    pub points: Vec<Point>,
    /// Buckets that a column stands for.
    pub each: usize,
}

impl Columns {
    /// At most `most` columns. A column of several buckets shows the loudest: one that fired before
    /// one that did not, then the one with the highest count.
    pub fn of(chart: &Chart, most: usize) -> Self {
        let mut points: Vec<Point> = chart.points.iter().map(sane).collect();
        points.sort_by_key(|point| point.start);
        let each = points.len().div_ceil(most.max(1)).max(1);
        let loudest = |group: &[Point]| {
            let mut loudest =
                *group.iter().max_by(|a, b| (a.firing, a.count).partial_cmp(&(b.firing, b.count)).unwrap_or(std::cmp::Ordering::Equal))?;
            loudest.start = group[0].start;
            loudest.end = group[group.len() - 1].end.max(loudest.start);
            Some(loudest)
        };
        Self { points: points.chunks(each).filter_map(loudest).collect(), each }
    }

    /// The column that holds a moment, if one does. A moment in a gap belongs to the column before it.
    pub fn at(&self, moment: Timestamp) -> Option<usize> {
        let behind = self.points.partition_point(|point| point.start <= moment);
        let last = self.points.last()?;
        (behind > 0 && moment < last.end).then(|| behind - 1)
    }

    /// The columns that a stretch of time touches.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> Option<(usize, usize)> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        if until < first.start || from >= last.end || until < from {
            return None;
        }
        let begin = self.at(from.max(first.start)).unwrap_or(0);
        let inside = (until - TimeDelta::milliseconds(1)).max(from);
        let end = self.at(inside).unwrap_or(self.points.len() - 1);
        Some((begin, end.max(begin)))
    }

    /// What a column stands for: `complaints a hour`, `the loudest of 15 buckets each`.
    pub fn legend(&self) -> String {
        match (self.points.first(), self.each) {
            (None, _) => "no complaints counted".to_owned(),
            (Some(point), 1) => format!("complaints {}", a_bucket(point.end - point.start)),
            (Some(_), each) => format!("the loudest of {each} buckets each"),
        }
    }

    /// The highest number that is drawn.
    pub fn highest(&self) -> f64 {
        self.points.iter().map(|point| point.count.max(point.usual.1).max(point.expected)).fold(0.0, f64::max)
    }
}

fn a_bucket(length: TimeDelta) -> String {
    match length.num_seconds() {
        3600 => "an hour".to_owned(),
        // Days of a clock change have an hour more or less.
        82_800..=90_000 => "a day".to_owned(),
        seconds => format!("in {} min", (seconds / 60).max(0)),
    }
}

fn sane(point: &Point) -> Point {
    let number = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(0.0, MOST) };
    let (low, high) = (number(point.usual.0), number(point.usual.1));
    Point {
        count: number(point.count),
        expected: number(point.expected),
        usual: (low.min(high), high.max(low)),
        end: point.end.max(point.start),
        ..*point
    }
}

/// The first round number (1, 2 or 5 times a power of ten, at least 1) that is not below `highest`.
pub(super) fn round_up(highest: f64) -> f64 {
    let highest = if highest.is_finite() { highest.clamp(1.0, 10.0 * MOST) } else { 1.0 };
    let power = 10_f64.powi(highest.log10().floor() as i32);
    [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|round| *round >= highest).unwrap_or(10.0 * power)
}

/// `950`, `1.2k`, `12k`, `3M`.
pub(super) fn short(value: f64) -> String {
    let (divided, unit) = match value {
        value if value >= 1e15 => return format!("{value:.0e}"),
        value if value >= 1e12 => (value / 1e12, "T"),
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e4 => (value / 1e3, "k"),
        value => (value, ""),
    };
    let text = if divided < 9.95 { format!("{divided:.1}") } else { format!("{divided:.0}") };
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// How times are written on an axis over so much time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels {
    zone: Tz,
    hours: bool,
}

impl Labels {
    /// For these columns.
    pub fn of(chart: &Chart, columns: &Columns) -> Self {
        let length = columns.points.first().zip(columns.points.last()).map_or(TimeDelta::zero(), |(first, last)| last.end - first.start);
        Self { zone: chart.zone, hours: length <= WITH_HOURS }
    }

    /// `21 Nov 14:00` or `21 Nov 2026`.
    pub fn of_time(self, at: Timestamp) -> String {
        let form = if self.hours { "%-d %b %H:%M" } else { "%-d %b %Y" };
        at.with_timezone(&self.zone).format(form).to_string()
    }

    /// `21 Nov 2026 14:00`
    pub fn in_full(self, at: Timestamp) -> String {
        at.with_timezone(&self.zone).format("%-d %b %Y %H:%M").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chart::sample;

    #[test]
    fn a_column_of_many_buckets_shows_the_loudest_and_spans_them_all() {
        let chart = sample::week();
        let columns = Columns::of(&chart, 24);
        assert_eq!((columns.points.len(), columns.each), (24, 7));
        assert_eq!(columns.points.iter().filter(|point| point.firing).count(), 2);
        assert_eq!(columns.points[0].start, chart.points[0].start);
        assert_eq!(columns.points[23].end, chart.points[167].end);
        assert_eq!(columns.legend(), "the loudest of 7 buckets each");
    }

    #[test]
    fn moments_outside_have_no_column_and_stretches_are_cut_to_what_is_drawn() {
        let chart = sample::week();
        let columns = Columns::of(&chart, 200);
        let (first, last) = (chart.points[0].start, chart.points[167].end);
        let hour = TimeDelta::hours(1);
        assert_eq!(
            (columns.at(first), columns.at(first - hour), columns.at(last), columns.at(last - hour)),
            (Some(0), None, None, Some(167))
        );
        assert_eq!(columns.between(first - hour, last + hour), Some((0, 167)));
        assert_eq!(columns.between(first + hour, first + hour * 2), Some((1, 1)));
        assert_eq!(columns.between(last, last + hour), None);
    }

    #[test]
    fn scales_end_in_round_numbers() {
        let ends = [0.0, 0.3, 1.0, 3.0, 5.0, 7.0, 11.0, 480.0, 12_345.0].map(|highest| short(round_up(highest)));
        assert_eq!(ends, ["1", "1", "1", "5", "5", "10", "20", "500", "20k"]);
        let texts = [0.0, 0.5, 2.04, 950.0, 9_999.0, 20_000.0, 5e6, 1e15, 5e15].map(short);
        assert_eq!(texts, ["0", "0.5", "2", "950", "9999", "20k", "5M", "1e15", "5e15"]);
    }
}
