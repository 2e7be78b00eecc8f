//! Incidents that people know of, against those that the watches would have found.
//!
//! A known incident is *found* when an incident of its watch, theme and segment stands at any time
//! within it and began in it, or a day before it at most; one of all messages counts for a segment
//! too, for people were told. An incident that meets no known one is a false alarm, for the time in
//! which the watch could have alerted. Slow rises stand for months and would find whatever comes
//! later: they are compared only with rows that ask for one.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::incident::Kind;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::engine::backtest::Found;
use crate::engine::backtest::Report;
use crate::engine::backtest::Spell;

/// So long before a known incident one may begin that finds it.
const SOONER: TimeDelta = TimeDelta::days(1);
/// Days of a year.
const YEAR: f64 = 365.25;

/// An incident that people know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Name of the watch that should have found it.
    pub watch: String,
    /// Its theme; any of the watch's without one.
    pub theme: Option<String>,
    /// Its segment; any without one.
    pub segment: Option<Segment>,
    /// Its kind; a spike or a drop without one.
    pub kind: Option<Kind>,
    /// When it began.
    pub from: Timestamp,
    /// When it was over.
    pub until: Timestamp,
    /// The line that it was written in.
    pub line: u64,
    /// What people say of it.
    pub note: String,
}

impl Known {
    /// Whether an incident of a series would be this one.
    #[must_use]
    pub fn concerns(&self, key: &SeriesKey) -> bool {
        let segment = key.segment == Segment::All || self.segment.as_ref().is_none_or(|segment| *segment == key.segment);
        let kind = self.kind.map_or(key.kind != Kind::SlowRise, |kind| kind == key.kind);
        self.watch == key.watch && self.theme.as_ref().is_none_or(|theme| *theme == key.theme) && segment && kind
    }

    /// Whether a series can say why it was missed: one of its own segment, where it has one.
    #[must_use]
    pub fn explained_by(&self, key: &SeriesKey) -> bool {
        self.concerns(key) && self.segment.as_ref().is_none_or(|segment| *segment == key.segment)
    }

    /// Whether a series is the very one that it speaks of. A slow rise is nothing that has a beginning.
    #[must_use]
    pub fn names(&self, key: &SeriesKey) -> bool {
        let segment = self.segment.as_ref().unwrap_or(&Segment::All);
        key.kind != Kind::SlowRise && self.concerns(key) && *segment == key.segment && (self.theme.is_some() || self.segment.is_some())
    }

    /// When people would have been told of it by an incident, if they would have been.
    fn met(&self, found: &Found) -> Option<Timestamp> {
        let began = |at: Timestamp| (self.from - SOONER..self.until).contains(&at);
        let stands = |spell: &&Spell| {
            let over = spell.resolved_at.is_some_and(|end| end < self.from);
            spell.since < self.until && !over && (began(spell.since) || began(spell.told_at))
        };
        let spells = || found.spells.iter().filter(stands).map(|spell| spell.told_at).min();
        self.concerns(&found.incident.key).then(spells).flatten()
    }
}

/// What became of a known incident.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// People would have been told, so long after its beginning, by the incident at this place.
    Found {
        /// Place among the report's incidents.
        by: usize,
        /// From its beginning to the first notice; none where an incident stood already.
        delay: TimeDelta,
    },
    /// Nobody would have been told.
    Missed,
    /// It lies outside of the time in which its watch could have alerted.
    NotJudged,
}

/// How well the watches would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// What became of each known incident.
    pub fates: Vec<Fate>,
    /// Places of incidents that meet no known one.
    pub false_alarms: Vec<usize>,
    /// Places of slow rises that no row asks for: neither known nor false alarms.
    pub not_asked: Vec<usize>,
    /// Years in which watches could have alerted, of all of them together.
    pub years: f64,
}

impl Measure {
    /// Compares a report with what is known.
    #[must_use]
    pub fn of(report: &Report, known: &[Known]) -> Self {
        let fates = known.iter().map(|known| fate(report, known)).collect();
        let meets_none = |found: &Found| !known.iter().any(|known| known.met(found).is_some());
        let asked = |found: &Found| {
            let key = &found.incident.key;
            key.kind != Kind::SlowRise || known.iter().any(|known| known.kind == Some(key.kind) && known.watch == key.watch)
        };
        let places = |wanted: &dyn Fn(&Found) -> bool| {
            report.found.iter().enumerate().filter(|(_, found)| wanted(found)).map(|(place, _)| place).collect()
        };
        let false_alarms = places(&|found| asked(found) && meets_none(found));
        let not_asked = places(&|found| !asked(found));
        Self { fates, false_alarms, not_asked, years: report.days() / YEAR }
    }

    /// Whether people know of the incident at a place; `None` where it was not compared.
    #[must_use]
    pub fn knows(&self, place: usize) -> Option<bool> {
        (!self.not_asked.contains(&place)).then(|| !self.false_alarms.contains(&place))
    }

    /// Found ones, and all that could have been found.
    #[must_use]
    pub fn found(&self) -> (usize, usize) {
        let found = self.fates.iter().filter(|fate| matches!(fate, Fate::Found { .. })).count();
        (found, found + self.fates.iter().filter(|fate| **fate == Fate::Missed).count())
    }

    /// Share of known incidents that were found; `None` where none could be.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        let (found, all) = self.found();
        (all > 0).then(|| found as f64 / all as f64)
    }

    /// The middle delay of those that were found.
    #[must_use]
    pub fn delay(&self) -> Option<TimeDelta> {
        let delay = |fate: &Fate| if let Fate::Found { delay, .. } = fate { Some(*delay) } else { None };
        let mut delays: Vec<TimeDelta> = self.fates.iter().filter_map(delay).collect();
        delays.sort_unstable();
        delays.get(delays.len().checked_sub(1)? / 2).copied()
    }

    /// False alarms a year of one watch, the mean of all; `None` where no time was judged.
    #[must_use]
    pub fn false_alarms_per_year(&self) -> Option<f64> {
        (self.years > 0.0).then(|| self.false_alarms.len() as f64 / self.years)
    }
}

fn fate(report: &Report, known: &Known) -> Fate {
    let met = report.found.iter().enumerate().filter_map(|(by, found)| Some((known.met(found)?, by)));
    if let Some((told_at, by)) = met.min() {
        return Fate::Found { by, delay: (told_at - known.from).max(TimeDelta::zero()) };
    }
    let judged = report.judged.get(&known.watch).is_some_and(|range| known.from < range.end && known.until > range.start);
    if judged { Fate::Missed } else { Fate::NotJudged }
}
