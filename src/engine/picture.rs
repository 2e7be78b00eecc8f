//! What a notice shows beside its words: the series with what was expected of it, what people
//! marked in its time, and what their labels make of the budget.

use std::collections::BTreeMap;

use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::course::Bar;
use crate::domain::course::Mark;
use crate::domain::incident::SeriesKey;
use crate::domain::ports::Counters;
use crate::domain::ports::Incidents;
use crate::domain::ports::StoreError;
use crate::domain::remark::Calibration;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkKind;
use crate::domain::remark::Saying;
use crate::engine::course;
use crate::engine::course::Outset;
use crate::engine::course::Question;
use crate::engine::judge::sources_of;
use crate::engine::plan::Plan;
use crate::store::sqlite::reports::Reader;

/// Frozen into the notices of a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// The series, oldest bucket first.
    pub bars: Vec<Bar>,
    /// Marks in its time.
    pub marks: Vec<Mark>,
    /// What people's labels make of the budget.
    pub calibration: Calibration,
}

/// No counter at all: the names alone.
const NAMES: std::ops::Range<Quarter> = Quarter(0)..Quarter(0);

impl Picture {
    /// The picture of a series at `now`, for the daemon.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn draw(
        store: &impl Incidents,
        plan: &Plan,
        watch: &Watch,
        calibration: Calibration,
        key: &SeriesKey,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let Some(first) = store.first_quarter().await? else { return Ok(Self::default()) };
        let accepted = course::acceptances(&store.newest().await?);
        let question = question(plan, watch, calibration, accepted, key, now);
        let (names, snapshots) = (store.counters(NAMES).await?, store.snapshots(question.shown.start).await?);
        let outset = Outset::new(&question, &names, &snapshots, first, |of| same(of, key));
        let counters = store.counters(outset.quarters()).await?;
        let remarks = store.acts(RemarkKind::Annotation, question.shown.clone()).await?;
        Ok(Self { bars: bars(&outset, watch, &counters, now), marks: marks(&remarks, watch), calibration })
    }

    /// The same for a command, which reads the store itself.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn read(
        reader: &Reader<'_>,
        plan: &Plan,
        watch: &Watch,
        calibration: Calibration,
        key: &SeriesKey,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let Some(first) = reader.first_quarter()? else { return Ok(Self::default()) };
        let accepted = course::acceptances(&reader.incidents(true)?);
        let question = question(plan, watch, calibration, accepted, key, now);
        let (names, snapshots) = (reader.counters(NAMES)?, reader.snapshots(question.shown.start)?);
        let outset = Outset::new(&question, &names, &snapshots, first, |of| same(of, key));
        let counters = reader.counters(outset.quarters())?;
        let remarks = reader.acts(RemarkKind::Annotation, question.shown.clone())?;
        Ok(Self { bars: bars(&outset, watch, &counters, now), marks: marks(&remarks, watch), calibration })
    }
}

fn question<'a>(
    plan: &'a Plan,
    watch: &'a Watch,
    calibration: Calibration,
    accepted: BTreeMap<SeriesKey, Timestamp>,
    key: &SeriesKey,
    now: Timestamp,
) -> Question<'a> {
    Question { plan, watch, calibration, accepted, shown: course::until(course::buckets(plan, watch, key), now), at: now }
}

/// Whether two series are the same one.
#[must_use]
pub fn same(one: &SeriesKey, other: &SeriesKey) -> bool {
    one == other
}

fn bars(outset: &Outset, watch: &Watch, counters: &Counters, now: Timestamp) -> Vec<Bar> {
    let Some(start) = outset.starts.first() else { return Vec::new() };
    let grid = Grid::of(counters, &sources_of(watch, counters));
    outset.follow(start, &grid, now).verdicts.iter().map(Bar::from).collect()
}

/// The annotations among remarks that concern a watch.
#[must_use]
pub fn marks(remarks: &[Remark], watch: &Watch) -> Vec<Mark> {
    let mark = |remark: &Remark| match &remark.saying {
        Saying::Annotation { text, .. } => Some(Mark { at: remark.at, text: text.clone() }),
        _ => None,
    };
    remarks.iter().filter(|remark| remark.concerns(&watch.name)).filter_map(mark).collect()
}
