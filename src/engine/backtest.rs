//! What the watches would have done: stored history through the same judging and the same state
//! machine as the daemon's, in memory.
//!
//! Counters are made from the items, never read from the tables, so that another configuration
//! can be tried: where its rules differ, every text is tagged again.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::config::settings::Watch;
use crate::counting::Member;
use crate::counting::contribution;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::incident::Segment;
use crate::domain::incident::Verdict;
use crate::domain::ports::Cell;
use crate::domain::ports::Counters;
use crate::domain::ports::StoreError;
use crate::engine::judge::Judge;
use crate::engine::judge::Memory;
use crate::engine::judge::Series;
use crate::engine::judge::series_of;
use crate::engine::judge::sources_of;
use crate::engine::labels::Calibrations;
use crate::engine::lookout::policy;
use crate::engine::plan::Plan;
use crate::incident::step::Cause;
use crate::incident::step::step;
use crate::incident::storm::covers;
use crate::incident::storm::whole_of;
use crate::store::sqlite::reports::Choice;
use crate::store::sqlite::reports::Reader;
use crate::tagging;

/// An incident that would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// As it was at its end, or at the end of the history.
    pub incident: Incident,
    /// Complaints and expected ones when it opened.
    pub opening: (f64, f64),
}

/// History as counters, and what is missing from it.
#[derive(Debug, Default)]
pub struct World {
    /// The counters.
    pub counters: Counters,
    /// Items whose text was pruned, so that they could not be tagged again.
    pub without_text: u64,
}

impl World {
    /// With the themes as stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn stored(reader: &Reader<'_>, until: Timestamp) -> Result<Self, StoreError> {
        Ok(Self { counters: reader.history(until)?, without_text: 0 })
    }

    /// With the themes that the rules of `plan` give.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn retagged(reader: &Reader<'_>, plan: &Plan, until: Timestamp) -> Result<Self, StoreError> {
        let mut numbers = Numbers::default();
        let mut without_text = 0;
        let mut cells: HashMap<(Quarter, i64, i64, i64), i64> = HashMap::new();
        let mut shared: HashMap<i64, Vec<Member>> = HashMap::new();
        reader.export(&Choice { until: Some(until), ..Choice::default() }, |item| {
            without_text += u64::from(item.title.is_empty() && item.text.is_empty());
            let tags = plan.rules.tag(&tagging::message(&item.title, &item.text));
            let own = item.fields.iter().chain(source_labels(plan, &item.source));
            let language = item.lang.iter().map(|lang| ("language", lang.as_str()));
            let labels = own.map(|(key, value)| (key.as_str(), value.as_str())).chain(language);
            let member = Member {
                id: item.id,
                source: numbers.source(&item.source),
                quarter: Quarter::of(item.at),
                late: false,
                gone: false,
                scopes: numbers.scopes(labels.filter(|(key, _)| plan.label_keys.contains(*key))),
                themes: tags.iter().map(|tag| numbers.theme(&tag.theme)).collect(),
                rating: None,
            };
            if item.shares_voice {
                shared.entry(item.voice).or_default().push(member);
            } else {
                count(&mut cells, &[member]);
            }
            Ok::<_, StoreError>(())
        })?;
        for members in shared.values() {
            count(&mut cells, members);
        }
        let mut cells: Vec<Cell> = cells
            .into_iter()
            .map(|((quarter, segment, source, theme), voices)| Cell { quarter, segment, source, theme, voices, late: 0 })
            .collect();
        cells.sort_unstable_by_key(|cell| cell.quarter);
        Ok(Self { counters: numbers.name(cells), without_text })
    }

    /// Takes the watches through it. Incidents in the order of their opening.
    #[must_use]
    pub fn play<'a>(
        &self,
        plan: &Plan,
        calibrations: &Calibrations,
        watches: impl Iterator<Item = &'a Watch>,
        until: Timestamp,
    ) -> Vec<Found> {
        let Some(first) = self.counters.cells.first().map(|cell| cell.quarter.start()) else { return Vec::new() };
        let mut found = Vec::new();
        for watch in watches {
            let series = series_of(watch, &self.counters);
            let judge = Judge::new(watch, plan.buckets(watch), series.len(), calibrations.watch(&watch.name));
            let grid = Grid::of(&self.counters, &sources_of(watch, &self.counters));
            for series in &series {
                found.extend(play_series(plan, watch, &judge, series, &grid, first, until));
            }
        }
        // What the whole told is not told again of its parts, as in the daemon.
        let wholes: Vec<Incident> =
            found.iter().map(|found| &found.incident).filter(|incident| incident.key.segment == Segment::All).cloned().collect();
        found.retain(|found| {
            let whole = whole_of(&found.incident.key);
            !wholes.iter().any(|incident| Some(&incident.key) == whole.as_ref() && covers(incident, found.incident.opened_at))
        });
        found.sort_by(|a, b| (a.incident.opened_at, &a.incident.key).cmp(&(b.incident.opened_at, &b.incident.key)));
        found
    }
}

fn play_series(
    plan: &Plan,
    watch: &Watch,
    judge: &Judge,
    series: &Series,
    grid: &Grid<'_>,
    first: Timestamp,
    until: Timestamp,
) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut memory = Memory::default();
    let mut hear = |verdict: Verdict| {
        let at = verdict.until.min(until);
        // The clock's own moves come before the verdict of the same moment.
        for cause in [Cause::Clock, Cause::Judged(verdict)] {
            let newest = found.last().map(|found| found.incident.clone());
            let Some(step) = step(&plan.instance, &series.key, newest.as_ref(), &cause, policy(watch), at) else { continue };
            match newest {
                Some(before) if before.id == step.incident.id => {
                    if let Some(last) = found.last_mut() {
                        last.incident = step.incident;
                    }
                }
                _ => {
                    let opening = (step.incident.numbers.count, step.incident.numbers.expected);
                    found.push(Found { incident: step.incident, opening });
                }
            }
        }
    };
    let open = judge.advance(&mut memory, series, grid, judge.buckets.start(first), until, &mut hear);
    // The daemon looks at the bucket that is still open too, and may alert early.
    hear(judge.peek(&memory, series, grid, open, until));
    found
}

fn source_labels<'a>(plan: &'a Plan, source: &str) -> impl Iterator<Item = (&'a String, &'a String)> {
    plan.config.sources.iter().filter(move |of| of.name == source).flat_map(|of| of.labels.iter())
}

fn count(cells: &mut HashMap<(Quarter, i64, i64, i64), i64>, members: &[Member]) {
    for (key, tally) in contribution(members) {
        *cells.entry((key.quarter, key.scope, key.source, key.theme.unwrap_or(0))).or_default() += tally.voices;
    }
}

/// Numbers for names, as the store gives them.
#[derive(Default)]
struct Numbers {
    sources: HashMap<String, i64>,
    themes: HashMap<String, i64>,
    segments: HashMap<(String, String), i64>,
}

impl Numbers {
    const WHOLE: i64 = 1;

    fn source(&mut self, name: &str) -> i64 {
        let next = self.sources.len() as i64 + 1;
        *self.sources.entry(name.to_owned()).or_insert(next)
    }

    fn theme(&mut self, name: &str) -> i64 {
        let next = self.themes.len() as i64 + 1;
        *self.themes.entry(name.to_owned()).or_insert(next)
    }

    fn scopes<'a>(&mut self, labels: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<i64> {
        let labels: BTreeMap<&str, &str> = labels.collect();
        let mut scopes = vec![Self::WHOLE];
        for (key, value) in labels {
            let next = self.segments.len() as i64 + 2;
            scopes.push(*self.segments.entry((key.to_owned(), value.to_owned())).or_insert(next));
        }
        scopes
    }

    fn name(self, cells: Vec<Cell>) -> Counters {
        let turned = |names: HashMap<String, i64>| names.into_iter().map(|(name, id)| (id, name)).collect();
        let mut segments: BTreeMap<i64, Segment> =
            self.segments.into_iter().map(|((key, value), id)| (id, Segment::Label { key, value })).collect();
        segments.insert(Self::WHOLE, Segment::All);
        Counters { segments, sources: turned(self.sources), themes: turned(self.themes), cells, ..Counters::default() }
    }
}
