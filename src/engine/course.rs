//! The course of a series: what is said of it bucket by bucket, for charts and explanations.
//!
//! Nobody keeps verdicts. They are worked out again from the counters, beginning with the newest
//! snapshot before the time that is shown, or with the first message where there is none.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::TimeDelta;

use crate::calendar::bucket::Buckets;
use crate::calendar::bucket::Width;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::BucketCount;
use crate::domain::count::Part;
use crate::domain::count::Quarter;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::Verdict;
use crate::domain::ports::Counters;
use crate::domain::ports::Snapshot;
use crate::domain::remark::Calibration;
use crate::engine::judge;
use crate::engine::judge::Judge;
use crate::engine::judge::Memory;
use crate::engine::judge::Series;
use crate::engine::judge::series_of;
use crate::engine::lookout::stamp;
use crate::engine::lookout::state_name;
use crate::engine::plan::Plan;

/// More complaints than this in a bucket are not asked about.
const MOST: f64 = 1e6;

/// What is to be shown of a watch.
pub struct Question<'a> {
    /// Names and zone.
    pub plan: &'a Plan,
    /// The watch.
    pub watch: &'a Watch,
    /// What people's labels make of its budget.
    pub calibration: Calibration,
    /// The levels of slow rises that people accepted: [`acceptances`].
    pub accepted: BTreeMap<SeriesKey, Timestamp>,
    /// From when until when.
    pub shown: Range<Timestamp>,
    /// The moment in question.
    pub at: Timestamp,
}

/// Where to begin with the series of a watch.
pub struct Outset {
    /// Judges them.
    pub judge: Judge,
    /// Each series with what is known of it before the time that is shown.
    pub starts: Vec<Start>,
    shown: Range<Timestamp>,
    at: Timestamp,
}

/// A series, and what was learnt of it up to a moment.
pub struct Start {
    /// Which series.
    pub series: Series,
    as_of: Timestamp,
    memory: Memory,
}

/// What was said of a series.
pub struct Course {
    /// Of each bucket that is shown, the oldest first.
    pub verdicts: Vec<Verdict>,
    /// Of the bucket that holds the moment in question; nothing before the first message.
    pub verdict: Option<Verdict>,
    /// What was remembered before that bucket.
    memory: Memory,
}

impl Outset {
    /// The series that `chosen` wants. `names` are counters of no quarter, `snapshots` those before
    /// the time that is shown, `first` is the first counted quarter.
    #[must_use]
    pub fn new(
        question: &Question<'_>,
        names: &Counters,
        snapshots: &BTreeMap<String, Snapshot>,
        first: Quarter,
        chosen: impl Fn(&SeriesKey) -> bool,
    ) -> Self {
        let Question { plan, watch, calibration, accepted, shown, at } = question;
        let all = series_of(watch, names);
        let judge = Judge::new(watch, plan.buckets(watch), all.len(), *calibration);
        let stamp = stamp(watch, plan.config.time_zone.name());
        let start = |series: Series| {
            let snapshot = snapshots.get(&state_name(&series.key, &stamp));
            let learnt = snapshot.and_then(|snapshot| Some((snapshot.as_of, serde_json::from_str(&snapshot.blob).ok()?)));
            let (as_of, memory) = learnt.unwrap_or_else(|| (judge.buckets_of(series.key.kind).start(first.start()), Memory::default()));
            let accepted = accepted.get(&series.key).copied();
            Start { series: Series { accepted, ..series }, as_of, memory }
        };
        let starts = all.into_iter().filter(|series| chosen(&series.key)).map(start).collect();
        Self { judge, starts, shown: shown.clone(), at: *at }
    }

    /// The quarters whose counters [`Outset::follow`] needs.
    #[must_use]
    pub fn quarters(&self) -> Range<Quarter> {
        let from = self.starts.iter().map(|start| start.as_of).min().unwrap_or(self.shown.end);
        Quarter::of(from)..Quarter(Quarter::of(self.judge.buckets.end(self.shown.end)).0 + 1)
    }

    /// Takes a series through every bucket that begins before the end of what is shown. A bucket
    /// that is not over at `now` is judged as an open one.
    #[must_use]
    pub fn follow(&self, start: &Start, grid: &Grid<'_>, now: Timestamp) -> Course {
        let mut course = Course { verdicts: Vec::new(), verdict: None, memory: start.memory.clone() };
        let mut memory = start.memory.clone();
        let mut from = start.as_of;
        let buckets = self.judge.buckets_of(start.series.key.kind);
        while from < self.shown.end {
            let until = buckets.end(from);
            if until <= from {
                break;
            }
            let asked = (from..until).contains(&self.at);
            if asked {
                course.memory = memory.clone();
            }
            let mut said = None;
            if until <= now {
                self.judge.advance(&mut memory, &start.series, grid, from, until, |verdict| said = Some(verdict));
            } else {
                said = Some(self.judge.peek(&memory, &start.series, grid, from, now));
            }
            if asked {
                course.verdict.clone_from(&said);
            }
            course.verdicts.extend(said.filter(|verdict| verdict.until > self.shown.start));
            if until > now {
                break;
            }
            from = until;
        }
        course
    }

    /// The least number of complaints in the bucket in question, beside the same other messages,
    /// with which the series would have fired. `None` where no number would do: it is still learning.
    #[must_use]
    pub fn needed(&self, start: &Start, course: &Course, grid: &Grid<'_>, now: Timestamp) -> Option<f64> {
        if !Judge::supposes(&start.series.key) {
            return None;
        }
        let mut bucket = self.judge.bucket(&start.series, grid, self.at);
        if bucket.parts.is_empty() {
            bucket.parts.extend(self.last_heard(start, course, grid));
        }
        let fires =
            |count: f64| matches!(self.judge.suppose(&start.series.key, &course.memory, &with(&bucket, count), now).call, Call::Firing(_));
        least(fires)
    }
}

impl Outset {
    /// A source that spoke lately, with no message.
    fn last_heard(&self, start: &Start, course: &Course, grid: &Grid<'_>) -> Option<Part> {
        let parts = |verdict: &Verdict| self.judge.bucket(&start.series, grid, verdict.bucket).parts;
        let heard = course.verdicts.iter().rev().map(parts).find(|parts| !parts.is_empty())?;
        let loudest = heard.iter().max_by_key(|part| messages(part))?;
        Some(Part { source: loudest.source, total: loudest.total.map(|_| 0.0), ..Part::default() })
    }
}

/// Messages in thousandths, to be compared.
fn messages(part: &Part) -> i64 {
    (part.total.unwrap_or(0.0) * 1000.0) as i64
}

/// The smallest whole number with which `fires` says yes, when it does so for all larger ones.
fn least(fires: impl Fn(f64) -> bool) -> Option<f64> {
    let (mut too_few, mut enough) = (0.0, 1.0);
    while !fires(enough) {
        if enough >= MOST {
            return None;
        }
        (too_few, enough) = (enough, 2.0 * enough);
    }
    while enough - too_few > 1.5 {
        let middle = f64::midpoint(too_few, enough).floor();
        if fires(middle) { enough = middle } else { too_few = middle }
    }
    Some(enough)
}

/// The bucket with `count` complaints that testify, all of the source with the most messages, and
/// with the same other messages.
fn with(bucket: &BucketCount, count: f64) -> BucketCount {
    let mut other = bucket.clone();
    for part in &mut other.parts {
        let testified = (part.hits - part.late_hits).max(0.0);
        part.hits -= testified;
        part.total = part.total.map(|total| total - testified);
    }
    if let Some(part) = other.parts.iter_mut().max_by_key(|part| messages(part)) {
        part.hits += count;
        part.total = part.total.map(|total| total + count);
    }
    other
}

/// When a person last accepted the level of each slow rise. Where no snapshot remembers it, an
/// acceptance is heeded although a newer incident of the series stands.
#[must_use]
pub fn acceptances(incidents: &[Incident]) -> BTreeMap<SeriesKey, Timestamp> {
    let mut all = BTreeMap::new();
    for incident in incidents {
        if let Some(at) = judge::accepted(incident) {
            let newest = all.entry(incident.key.clone()).or_insert(at);
            *newest = at.max(*newest);
        }
    }
    all
}

/// How the series of a watch cuts time: a slow rise is drawn by days.
#[must_use]
pub fn buckets(plan: &Plan, watch: &Watch, key: &SeriesKey) -> Buckets {
    let width = if key.kind == Kind::SlowRise { Width::Day } else { watch.bucket };
    Buckets { width, ..plan.buckets(watch) }
}

/// From when until when the chart of a notice reaches: two days of hours, four weeks of days.
#[must_use]
pub fn until(buckets: Buckets, now: Timestamp) -> Range<Timestamp> {
    let back = match buckets.width {
        Width::Hour => TimeDelta::hours(47),
        Width::Day => TimeDelta::days(27),
    };
    buckets.start(buckets.start(now) - back)..now
}

/// From when until when the chart of an explanation reaches: three days of hours or two weeks of
/// days around a moment, most of them before it.
#[must_use]
pub fn around(buckets: Buckets, at: Timestamp, now: Timestamp) -> Range<Timestamp> {
    let (before, after) = match buckets.width {
        Width::Hour => (TimeDelta::hours(59), TimeDelta::hours(12)),
        Width::Day => (TimeDelta::days(11), TimeDelta::days(2)),
    };
    let bucket = buckets.start(at);
    buckets.start(bucket - before)..buckets.end(bucket + after).min(now).max(buckets.end(bucket))
}

#[cfg(test)]
mod tests {
    use crate::calendar::holidays::Holidays;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::incident::Segment;
    use crate::domain::ports::Cell;

    fn part(source: i64, total: f64, hits: f64, late_hits: f64) -> Part {
        Part { source, total: Some(total), hits, late_total: late_hits, late_hits }
    }

    #[test]
    fn another_number_of_complaints_leaves_the_other_messages_and_the_history_alone() {
        let start: Timestamp = "2026-11-21T13:00:00Z".parse().unwrap();
        let parts = vec![part(1, 10.0, 2.0, 1.0), part(2, 100.0, 5.0, 0.0)];
        let bucket = BucketCount { start, end: start + TimeDelta::hours(1), hour: 13, weekday: 5, holiday: false, parts };
        let other = with(&bucket, 30.0);
        assert_eq!(other.parts, [part(1, 9.0, 1.0, 1.0), part(2, 125.0, 30.0, 0.0)]);
    }

    const CONFIG: &str = r#"
        source = [{ name = "shop", every = "1h", file = { folder = "a" } }]
        watch = [{ name = "w", themes = ["late"], notify = ["box"] }]
        theme = [{ name = "late", rules = ["late"] }]
        target = [{ name = "box", file = { folder = "mails" } }]
    "#;

    fn plan() -> Plan {
        let documents = [crate::config::Document { name: "uproar.toml".to_owned(), text: CONFIG.to_owned() }];
        let loaded = crate::config::parse(&documents, &crate::host::credentials::Credentials::of_this_process());
        let config = loaded.config.unwrap_or_else(|| panic!("{}", crate::config::print::show(&loaded.problems, &documents, false)));
        Plan::build(config, &[7; 32]).unwrap()
    }

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 / 3600 * 3600 + n * 3600, 0).unwrap()
    }

    /// Thirty days of twenty messages an hour, of which one complains every other hour; the last
    /// hour has five complaints.
    fn counters() -> Counters {
        let cell = |hour_of: i64, theme: i64, voices: i64| Cell {
            quarter: Quarter::of(hour(hour_of)),
            segment: 1,
            source: 1,
            theme,
            voices,
            late: 0,
        };
        let complaints = |n: i64| if n == 719 { 5 } else { n % 2 };
        let cells = (0..720).flat_map(|n| [cell(n, 0, 20), cell(n, 1, complaints(n))]).filter(|cell| cell.voices > 0).collect();
        let names = |name: &str| BTreeMap::from([(1, name.to_owned())]);
        Counters {
            segments: BTreeMap::from([(1, Segment::All)]),
            sources: names("shop"),
            themes: names("late"),
            cells,
            ..Counters::default()
        }
    }

    #[test]
    fn one_complaint_less_than_needed_would_not_have_fired() {
        let (plan, counters) = (plan(), counters());
        let watch = &plan.config.watches[0];
        let question = Question {
            plan: &plan,
            watch,
            calibration: Calibration::default(),
            accepted: BTreeMap::new(),
            shown: hour(660)..hour(720),
            at: hour(719),
        };
        let grid = Grid::of(&counters, &[1].into());
        let outset = Outset::new(&question, &counters, &BTreeMap::new(), Quarter::of(hour(0)), |_| true);
        let start = &outset.starts[0];
        let course = outset.follow(start, &grid, hour(720));
        assert_eq!((course.verdicts.len(), course.verdict.as_ref()), (60, course.verdicts.last()));
        let needed = outset.needed(start, &course, &grid, hour(720)).unwrap();
        let bucket = outset.judge.bucket(&start.series, &grid, hour(719));
        let call = |count: f64| outset.judge.suppose(&start.series.key, &course.memory, &with(&bucket, count), hour(720)).call;
        assert!((5.0..20.0).contains(&needed), "{needed}");
        assert!(matches!(call(needed), Call::Firing(_)) && !matches!(call(needed - 1.0), Call::Firing(_)));
        assert_eq!(call(5.0), course.verdict.unwrap().call, "as many as came are judged as what came");
    }

    #[test]
    fn a_slow_rise_that_was_accepted_is_drawn_as_calm() {
        let (plan, mut counters) = (plan(), counters());
        let watch = &plan.config.watches[0];
        // Sixty usual days, and sixty with five times the complaints.
        let day = |n: i64| hour(24 * n);
        let cell = |n: i64, theme: i64, voices: i64| Cell { quarter: Quarter::of(day(n)), segment: 1, source: 1, theme, voices, late: 0 };
        counters.cells = (0..120).flat_map(|n| [cell(n, 0, 200), cell(n, 1, if n < 60 { 10 } else { 50 })]).collect();
        let grid = Grid::of(&counters, &[1].into());
        let drawn = |accepted: BTreeMap<SeriesKey, Timestamp>| {
            let question =
                Question { plan: &plan, watch, calibration: Calibration::default(), accepted, shown: day(110)..day(120), at: day(119) };
            let outset = Outset::new(&question, &counters, &BTreeMap::new(), Quarter::of(day(0)), |key| key.kind == Kind::SlowRise);
            let start = &outset.starts[0];
            (start.series.key.clone(), outset.follow(start, &grid, day(121)).verdicts)
        };
        let loud = |verdicts: &[Verdict]| verdicts.iter().any(|verdict| matches!(verdict.call, Call::Firing(_)));
        let (key, verdicts) = drawn(BTreeMap::new());
        assert!(loud(&verdicts));
        let (_, verdicts) = drawn(BTreeMap::from([(key, day(100))]));
        assert!(!verdicts.is_empty() && !loud(&verdicts));
    }

    #[test]
    fn a_chart_that_begins_with_a_snapshot_is_the_one_that_begins_with_the_first_message() {
        let (plan, counters) = (plan(), counters());
        let watch = &plan.config.watches[0];
        let grid = Grid::of(&counters, &[1].into());
        let asked = |shown: Range<Timestamp>| Question {
            plan: &plan,
            watch,
            calibration: Calibration::default(),
            accepted: BTreeMap::new(),
            shown,
            at: hour(719),
        };
        let first = Quarter::of(hour(0));
        let whole = Outset::new(&asked(hour(0)..hour(600)), &counters, &BTreeMap::new(), first, |key| key.kind == Kind::Spike);
        let mut memory = Memory::default();
        whole.judge.advance(&mut memory, &whole.starts[0].series, &grid, hour(0), hour(600), |_| {});
        let name = state_name(&whole.starts[0].series.key, &stamp(watch, "UTC"));
        let snapshot = Snapshot { as_of: hour(600), blob: serde_json::to_string(&memory).unwrap() };
        let drawn = |snapshots: &BTreeMap<String, Snapshot>| {
            let outset = Outset::new(&asked(hour(660)..hour(720)), &counters, snapshots, first, |key| key.kind == Kind::Spike);
            (outset.quarters().start, outset.follow(&outset.starts[0], &grid, hour(720)).verdicts)
        };
        let (from_snapshot, from_first) = (drawn(&BTreeMap::from([(name, snapshot)])), drawn(&BTreeMap::new()));
        assert_eq!((from_snapshot.0, from_first.0), (Quarter::of(hour(600)), first));
        assert_eq!(from_snapshot.1, from_first.1);
    }

    #[test]
    fn a_bucket_without_a_message_can_still_be_asked_about() {
        let (plan, mut counters) = (plan(), counters());
        counters.cells.retain(|cell| cell.quarter < Quarter::of(hour(719)));
        let watch = &plan.config.watches[0];
        let question = Question {
            plan: &plan,
            watch,
            calibration: Calibration::default(),
            accepted: BTreeMap::new(),
            shown: hour(660)..hour(720),
            at: hour(719),
        };
        let grid = Grid::of(&counters, &[1].into());
        let outset = Outset::new(&question, &counters, &BTreeMap::new(), Quarter::of(hour(0)), |_| true);
        let course = outset.follow(&outset.starts[0], &grid, hour(720));
        assert!(outset.needed(&outset.starts[0], &course, &grid, hour(720)).is_some());
    }

    #[test]
    fn what_never_fires_has_no_least_number() {
        assert_eq!(least(|_| false), None);
        assert_eq!(least(|_| true), Some(1.0));
    }

    #[test]
    fn charts_reach_as_far_as_people_read() {
        let at: Timestamp = "2026-11-21T13:05:00Z".parse().unwrap();
        let hours = Buckets { width: Width::Hour, zone: chrono_tz::Europe::Stockholm, holidays: Holidays::default() };
        let days = Buckets { width: Width::Day, ..hours };
        let length = |range: Range<Timestamp>| (range.end - range.start).num_hours();
        // One of the days has 25 hours.
        assert_eq!((length(until(hours, at)), length(until(days, at))), (47, 27 * 24 + 14 + 1));
        let later = at + TimeDelta::days(30);
        assert_eq!((length(around(hours, at, later)), length(around(days, at, later))), (72, 14 * 24));
        assert_eq!(around(hours, at, at).end, "2026-11-21T14:00:00Z".parse::<Timestamp>().unwrap());
    }

    proptest! {
        #[test]
        fn the_least_number_is_found(wanted in 1..=1_000_000_u32) {
            let wanted = f64::from(wanted);
            prop_assert_eq!(least(|count| count >= wanted), Some(wanted));
        }
    }
}
