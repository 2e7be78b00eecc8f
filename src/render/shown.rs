//! The chart of a notice: the same buckets as a drawing for the text part, and as what the picture of
//! the HTML part is drawn from.

use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::course::Bar;
use crate::domain::course::Mark;
use crate::domain::notice::Facts;
use crate::render::chart;
use crate::render::chart::Chart;
use crate::render::chart::Point;
use crate::render::chart::Span;
use crate::render::chart::terminal;
use crate::render::chart::told_in_words;
use crate::render::kinds;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most buckets and marks that a notice shows.
const BARS: usize = 60;
const MARKS: usize = 6;
/// Columns of the text part.
const WIDTH: usize = 72;
/// A chart, ready to be put into a part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Shown {
    /// `LAST 48 HOURS, complaints an hour (now on the right)`
    pub title: String,
    /// Lines of the text part.
    pub drawing: Vec<String>,
    /// What the picture shows, for those who do not see it.
    pub alt: String,
    /// What the picture is drawn from.
    #[serde(skip)]
    pub chart: Chart,
    /// `a 04:00: 5.2 released, 3 h before the rise began`
    pub marks: Vec<String>,
}

impl Shown {
    /// The chart of a notice; `None` where the row has none.
    pub(super) fn of(facts: &Facts, clock: &Clock) -> Option<Self> {
        let bars = &facts.chart[facts.chart.len().saturating_sub(BARS)..];
        let last = bars.last()?;
        let marks: Vec<&Mark> = facts.marks.iter().filter(|mark| bars[0].start <= mark.at && mark.at < last.end).take(MARKS).collect();
        let (bucket, rise) = (last.end - last.start, rise(facts, bars));
        let told = |mark: &Mark| wording::beside(rise - mark.at, bucket);
        let names = ('a'..='z').zip(&marks);
        let counted = kinds::counted(facts);
        let chart = chart(facts, bars, &marks, clock);
        Some(Self {
            title: title(bars, counted),
            drawing: drawing(&chart),
            alt: told_in_words(&chart).replace("complaints", counted),
            chart,
            marks: names
                .map(|(name, mark)| format!("{name} {}: {}, {}", clock.short(mark.at), wording::name(&mark.text), told(mark)))
                .collect(),
        })
    }
}

/// When the trouble of a notice began, as far as its chart shows that.
pub(super) fn began(facts: &Facts) -> Timestamp {
    let bars = &facts.chart[facts.chart.len().saturating_sub(BARS)..];
    if bars.is_empty() { facts.since } else { rise(facts, bars) }
}

/// When the rise began. A spike is known by the window in which it is the most unusual, which may
/// begin long before it; so the moment is taken from which four fifths of the excess came.
fn rise(facts: &Facts, bars: &[Bar]) -> Timestamp {
    let within: Vec<&Bar> = bars.iter().filter(|bar| bar.end > facts.since && bar.start < facts.at).collect();
    let excess = |bar: &Bar| (number(bar.count) - number(bar.expected)).max(0.0);
    let all: f64 = within.iter().map(|bar| excess(bar)).sum();
    // What began before the chart does is not seen in it.
    if all <= 0.0 || bars[0].start > facts.since {
        return facts.since;
    }
    let mut before = 0.0;
    let first = within.iter().find(|bar| {
        before += excess(bar);
        before > 0.2 * all
    });
    first.map_or(facts.since, |bar| bar.start.max(facts.since))
}

/// A number that can be drawn.
fn number(value: f64) -> f64 {
    if value.is_finite() { value.clamp(0.0, 1e12) } else { 0.0 }
}

/// `LAST 48 HOURS, complaints an hour (now on the right)`
fn title(bars: &[Bar], counted: &str) -> String {
    let unit = if bars.iter().any(|bar| (bar.end - bar.start).num_hours() > 12) { ("day", "a") } else { ("hour", "an") };
    let length = wording::plural(&bars.len().to_string(), unit.0).to_uppercase();
    format!("LAST {length}, {counted} {} {} (now on the right)", unit.1, unit.0)
}

fn chart(facts: &Facts, bars: &[Bar], marks: &[&Mark], clock: &Clock) -> Chart {
    let points = bars.iter().map(|bar| {
        let Bar { start, end, count, expected, usual, firing } = *bar;
        Point { start, end, count, expected, usual, firing }
    });
    Chart {
        title: String::new(),
        zone: clock.zone(),
        points: points.collect(),
        marks: marks.iter().map(|mark| chart::Mark { at: mark.at, text: String::new() }).collect(),
        spans: vec![Span { from: facts.since, until: facts.at, text: String::new() }],
    }
}

fn drawing(chart: &Chart) -> Vec<String> {
    let drawn = terminal(chart, WIDTH);
    // The title stands above already, and what was marked is told in full below.
    let lines = drawn.lines().skip(1);
    let named = |line: &str| line.chars().nth(1) == Some(' ') && line.starts_with(|name: char| name.is_ascii_lowercase());
    lines.filter(|line| !named(line)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use crate::render::story::Story;

    fn shown() -> Shown {
        Story::of(&sample::charted()).chart.unwrap()
    }

    #[test]
    fn a_picture_is_told_in_words_too() {
        let alt = "Bars from 19 Nov 2026 15:00 to 21 Nov 2026 15:00, complaints an hour. The highest is 19 at 21 Nov 2026 14:00, where 1 were expected. 3 of 48 columns were loud; 1 incident.";
        assert_eq!(shown().alt, alt);
        assert_eq!(shown().chart.points.len(), 48);
    }

    #[test]
    fn a_rise_begins_where_most_of_its_excess_does_and_not_where_the_window_does() {
        let mut row = sample::charted();
        let began = |row: &crate::domain::notice::Row| rise(&row.facts, &row.facts.chart);
        assert_eq!(began(&row), sample::at("2026-11-21T11:00:00Z"));
        row.facts.since = sample::at("2026-11-21T01:00:00Z");
        assert_eq!(began(&row), sample::at("2026-11-21T11:00:00Z"));
        row.facts.since = sample::at("2026-11-01T01:00:00Z");
        assert_eq!(began(&row), row.facts.since, "it began before the chart");
        row.facts.since = sample::at("2026-11-21T01:00:00Z");
        row.facts.chart.iter_mut().for_each(|bar| bar.expected = 99.0);
        assert_eq!(began(&row), row.facts.since, "nothing is more than expected");
    }

    #[test]
    fn a_chart_of_days_says_days() {
        let mut row = sample::charted();
        let start = row.facts.chart[0].start;
        for (at, bar) in row.facts.chart.iter_mut().enumerate() {
            bar.start = start + chrono::TimeDelta::days(at as i64);
            bar.end = bar.start + chrono::TimeDelta::days(1);
        }
        row.facts.chart.truncate(28);
        assert_eq!(Story::of(&row).chart.unwrap().title, "LAST 28 DAYS, complaints a day (now on the right)");
    }

    #[test]
    fn a_row_of_an_older_release_still_shows_its_two_hours() {
        let mut old = serde_json::to_value(&sample::charted().facts).unwrap();
        for key in ["chart", "marks", "calibration"] {
            old.as_object_mut().unwrap().remove(key);
        }
        let facts: Facts = serde_json::from_value(old).unwrap();
        let story = Story::of(&crate::domain::notice::Row { facts, ..sample::charted() });
        assert_eq!((story.chart, story.recent.len()), (None, 12));
    }
}
