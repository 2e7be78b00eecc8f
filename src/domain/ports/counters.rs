//! The counters of quarters, and what changed in them since somebody looked.

use std::collections::BTreeMap;

use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::ruleset::Moved;

/// Counters of a range of quarters.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Every segment there is, but for those that are still being built.
    pub segments: BTreeMap<i64, Segment>,
    /// Every source there is.
    pub sources: BTreeMap<i64, String>,
    /// Every theme there is.
    pub themes: BTreeMap<i64, String>,
    /// The counters, in order of their quarters.
    pub cells: Vec<Cell>,
    /// The counters of ratings, in order of their quarters.
    pub rated: Vec<RatedCell>,
    /// Themes of which history has moved by a change of rules. Their complaints of the weeks before
    /// are shown as history in `cells`: nothing alarms by itself because a rule has changed.
    pub moved: BTreeMap<i64, Moved>,
}

/// One counter of a quarter. Segments, sources and themes are numbers that [`Counters`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// When.
    pub quarter: Quarter,
    /// Number of the segment.
    pub segment: i64,
    /// Number of the source.
    pub source: i64,
    /// Number of the theme; 0 counts all messages.
    pub theme: i64,
    /// Voices.
    pub voices: i64,
    /// History among them.
    pub late: i64,
}

/// One counter of ratings of a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatedCell {
    /// When.
    pub quarter: Quarter,
    /// Number of the segment.
    pub segment: i64,
    /// Number of the source.
    pub source: i64,
    /// Best value of the scale: 5, 10, or 1 for good and bad.
    pub scale: i64,
    /// They came as history.
    pub late: bool,
    /// Ratings, one a voice.
    pub count: i64,
    /// Their sum in hundredths.
    pub sum: i64,
    /// Sum of their squares in ten-thousandths.
    pub square: i64,
    /// Those at the low end: one star, detractors.
    pub low: i64,
    /// Those at the high end: the two best steps, promoters.
    pub top: i64,
}

/// What changed in a source's counters since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Name of the source.
    pub source: String,
    /// First changed quarter.
    pub from: Quarter,
    /// First quarter in which something arrived that may alert.
    pub judge_from: Option<Quarter>,
    /// Handed back when it was worked off; a later change has a higher one and stays.
    pub version: i64,
}
