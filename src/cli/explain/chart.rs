//! The chart of a series in the terminal, and the same buckets for programs.

use std::ops::Range;

use serde_json::Value;
use serde_json::json;

use crate::cli::times;
use crate::domain::Timestamp;
use crate::domain::course::Bar;
use crate::domain::course::Mark;
use crate::domain::incident::Incident;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::engine::picture::same;
use crate::render::chart::Chart;
use crate::render::chart::Mark as Note;
use crate::render::chart::Point;
use crate::render::chart::Span;
use crate::render::chart::terminal;

/// As wide as a terminal that nobody made wider.
const COLUMNS: usize = 80;

/// What is drawn around a series.
pub(super) struct Surroundings<'a> {
    /// Zone of the times.
    pub zone: chrono_tz::Tz,
    /// What people marked.
    pub marks: &'a [Mark],
    /// All incidents.
    pub incidents: &'a [Incident],
    /// From when until when.
    pub shown: Range<Timestamp>,
}

/// Draws the course of a series.
pub(super) fn draw(key: &SeriesKey, verdicts: &[Verdict], around: &Surroundings<'_>) -> String {
    let point = |verdict: &Verdict| {
        let Bar { start, end, count, expected, usual, firing } = Bar::from(verdict);
        Point { start, end, count, expected, usual, firing }
    };
    let span = |incident: &Incident| Span {
        from: incident.since,
        until: incident.resolved_at.unwrap_or(around.shown.end),
        text: incident.id.clone(),
    };
    let chart = Chart {
        title: key.to_string(),
        zone: around.zone,
        points: verdicts.iter().map(point).collect(),
        marks: around.marks.iter().map(|mark| Note { at: mark.at, text: mark.text.clone() }).collect(),
        spans: around.incidents.iter().filter(|incident| same(&incident.key, key)).map(span).collect(),
    };
    terminal(&chart, COLUMNS)
}

/// The same buckets as JSON.
pub(super) fn buckets(verdicts: &[Verdict]) -> Vec<Value> {
    let row = |bar: Bar| {
        json!({
            "start": times::stamp(bar.start),
            "end": times::stamp(bar.end),
            "count": bar.count,
            "expected": bar.expected,
            "usual_low": bar.usual.0,
            "usual_high": bar.usual.1,
            "loud": bar.firing,
        })
    };
    verdicts.iter().map(|verdict| row(Bar::from(verdict))).collect()
}

/// Marks as JSON.
pub(super) fn marks(marks: &[Mark]) -> Vec<Value> {
    marks.iter().map(|mark| json!({ "at": times::stamp(mark.at), "text": mark.text })).collect()
}
